// Events come by the hundred thousand, so the state of one is an array: these are its places,
const TYPE = 0;
const FLAGS = 1;
const TIME = 2;
const TARGET = 3;
const CURRENT_TARGET = 4;
const PHASE = 5;
/** The targets along which it goes; `null` while it goes along none, or along its target alone. */
const PATH = 6;

// its flags,
const BUBBLES = 1;
const CANCELABLE = 2;
const COMPOSED = 4;
const TRUSTED = 8;
const INITIALIZED = 16;
const DISPATCHING = 32;
const CANCELED = 64;
const PASSIVE = 128;
const STOPPED = 256;
const STOPPED_NOW = 512;

// and its phases.
const NONE = 0;
const CAPTURING_PHASE = 1;
const AT_TARGET = 2;
const BUBBLING_PHASE = 3;
