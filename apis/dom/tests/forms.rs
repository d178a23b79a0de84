//! Forms as `FormData` takes them, what clicks do, and the URLs of links.

use quickbeam_api_dom::DomApi;
use quickbeam_api_file::Files;
use quickbeam_api_harness::Harness;
use quickbeam_api_url::Urls;
use quickbeam_executor::Api;

fn harness() -> Harness {
    let mut apis: Vec<&'static dyn Api> = quickbeam_apis::always().to_vec();
    apis.extend([&Urls as &'static dyn Api, &Files, &DomApi]);
    Harness::new(&apis)
}

#[test]
fn forms_have_entries() {
    let h = harness();
    h.check(
        "try { new FormData({}) } catch (e) { `${e}` }",
        "TypeError: FormData: argument 1 is not an HTMLFormElement",
    );
    h.check(
        "document.body.innerHTML = `<form id=f><input name=a value=1><input name=b type=checkbox><input name=b type=checkbox checked>
           <select name=c multiple><option selected>x<option>y<option selected value=z></select><textarea name=d>t</textarea>
           <fieldset disabled><legend><input name=e value=2></legend><input name=no></fieldset><input value=unnamed>
           <button name=g value=go>Go</button></form><input name=o value=3 form=f>`; globalThis.f = document.getElementById('f');
         [...new FormData(f)].join(' ')",
        "a,1 b,on c,x c,z d,t e,2 o,3",
    );
    h.check("new FormData(f, f.querySelector('button')).get('g')", "go");
    h.check(
        "[[...f].length === f.length, [...f.querySelector('select')].map((option) => option.value)].join()",
        "true,x,y,z",
    );
    h.check("try { new FormData(f, document.body) } catch (e) { e.name }", "TypeError");
    h.check("try { new FormData(f, document.createElement('button')) } catch (e) { e.name }", "NotFoundError");
    h.check(
        "f.addEventListener('formdata', (event) => { event.formData.append('late', 1); try { new FormData(f) } catch (e) { event.formData.set('a', e.name) } }, { once: true });
         { const data = new FormData(f); data.get('late') + data.get('a') }",
        "1InvalidStateError",
    );
    h.check("Object.prototype.toString.call(document.createElement('input').files)", "[object Null]");
    h.check("{ const i = document.createElement('input'); i.type = 'file'; `${i.files} ${i.files.length} ${i.files.item(0)}` }", "[object FileList] 0 null");
}

#[test]
fn links_have_the_parts_of_their_urls() {
    let h = harness();
    h.check(
        "globalThis.a = document.createElement('a'); a.href = 'http://u:p@h:81/p?q#f';
         [a.origin, a.protocol, a.username, a.password, a.host, a.hostname, a.port, a.pathname, a.search, a.hash, `${a}`].join(' ')",
        "http://h:81 http: u p h:81 h 81 /p ?q #f http://u:p@h:81/p?q#f",
    );
    h.check("a.pathname = '/x y'; a.port = ''; a.host = 'bad host'; a.getAttribute('href')", "http://u:p@h/x%20y?q#f");
    h.check("a.href = '//['; a.host = 'h'; [a.href, a.protocol, a.host, a.origin].join()", "//[,:,,");
    h.check(
        "document.head.innerHTML = '<base href=http://b/c/>'; a.href = 'd'; [a.href, document.baseURI].join()",
        "http://b/c/d,http://b/c/",
    );
}

#[test]
fn scrolling_is_not_cancelled_by_accident() {
    let h = harness();
    h.check(
        "{ const heard = (target, options) => { const on = (event) => event.preventDefault(); target.addEventListener('wheel', on, options);
           const event = new Event('wheel', { cancelable: true }); target.dispatchEvent(event); target.removeEventListener('wheel', on); return event.defaultPrevented };
           [heard(document), heard(document.body), heard(document.body, { passive: false }), heard(document.createElement('p'))].join() }",
        "false,false,true,true",
    );
}

#[test]
fn forms_in_forms_keep_their_events() {
    let h = harness();
    h.check(
        "globalThis.outer = document.createElement('form'); globalThis.inner = document.createElement('form'); globalThis.told = [];
         outer.innerHTML = '<div></div>'; outer.firstChild.append(inner); document.body.append(outer);
         for (const type of ['submit', 'reset']) {
           for (const target of [document.body, outer, outer.firstChild, inner]) target.addEventListener(type, (e) => told.push(`${type} ${target.localName}`));
         }
         inner.requestSubmit(); inner.reset(); outer.requestSubmit(); told.join()",
        "submit form,submit div,reset form,reset div,submit form,submit body",
    );
    h.check("told = []; inner.dispatchEvent(new Event('submit', { bubbles: true })); told.length", "4");
}

#[test]
fn details_tell_when_they_are_toggled() {
    let h = harness();
    h.check(
        "document.body.innerHTML = '<details><summary>s <a>x</a></summary><summary>no</summary></details>';
         globalThis.details = document.querySelector('details'); globalThis.told = [];
         details.addEventListener('toggle', (e) => told.push(e.oldState, e.newState, e.bubbles, e instanceof ToggleEvent));
         globalThis.next = () => new Promise((resolve) => setTimeout(resolve, 1));
         document.querySelector('summary').click(); document.querySelectorAll('summary')[1].click();
         const open = details.open; next().then(() => [open, ...told].join())",
        "true,closed,open,false,true",
    );
    h.check(
        "told = []; details.open = false; details.open = true; details.open = true; next().then(() => told.join())",
        "open,open,false,true",
    );
    h.check("told = []; details.open = details.open; next().then(() => told.length)", "0");
}
