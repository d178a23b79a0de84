// The interface Navigator and its one instance.
({ expose, illegal }, { userAgent, hardwareConcurrency }) => {
  const languages = Object.freeze(["en-US"]);
  let allowed = false;

  class Navigator {
    #made = {};

    constructor() {
      if (!allowed) throw illegal("Navigator");
    }
    get userAgent() {
      this.#made;
      return userAgent;
    }
    get hardwareConcurrency() {
      this.#made;
      return hardwareConcurrency;
    }
    get language() {
      this.#made;
      return languages[0];
    }
    get languages() {
      this.#made;
      return languages;
    }

    static attribute(navigator, name, make) {
      return (navigator.#made[name] ??= make());
    }
  }

  const { attribute } = Navigator;
  delete Navigator.attribute;
  expose(Navigator);
  allowed = true;
  const navigator = new Navigator();
  allowed = false;

  const define = (name, make) => {
    const accessor = {
      get [name]() {
        return attribute(this, name, make);
      },
    };
    Object.defineProperty(Navigator.prototype, name, Object.getOwnPropertyDescriptor(accessor, name));
  };
  return { Navigator, navigator, define };
};
