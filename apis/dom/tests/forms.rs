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

#[test]
fn numbers_are_reflected() {
    let h = harness();
    let check = |markup: &str, script: &str, expected: &str| {
        h.check(
            &format!("document.body.innerHTML = `{markup}`; globalThis.e = document.body.firstChild; try {{ {script} }} catch (e) {{ e.name }}"),
            expected,
        );
    };
    check("<input maxlength=-5 minlength=x size=0>", "[e.maxLength, e.minLength, e.size].join()", "-1,-1,20");
    check("<input maxlength=' 7x' size=3>", "[e.maxLength, e.size].join()", "7,3");
    check("<input>", "e.maxLength = -1", "IndexSizeError");
    check("<input>", "e.size = 0", "IndexSizeError");
    check("<input>", "e.maxLength = 5; e.size = 4; e.outerHTML", "<input maxlength=\"5\" size=\"4\">");
    check("<textarea cols=0 rows=-1></textarea>", "[e.cols, e.rows].join()", "20,2");
    check(
        "<textarea></textarea>",
        "e.cols = 0; e.rows = 4294967295; e.outerHTML",
        "<textarea cols=\"20\" rows=\"2\"></textarea>",
    );
    check("<img>", "e.width = 2147483648; e.height = 3; e.outerHTML", "<img width=\"0\" height=\"3\">");
    check(
        "<table><td colspan=0 rowspan=0><td colspan=9999 rowspan=99999><td colspan=-1 rowspan=x></table>",
        "[...e.querySelectorAll('td')].map((td) => `${td.colSpan} ${td.rowSpan}`).join()",
        "1 0,1000 65534,1 1",
    );
    check("<progress></progress>", "[e.value, e.max, e.position].join()", "0,1,-1");
    check("<progress value=3 max=4></progress>", "[e.value, e.max, e.position].join()", "3,4,0.75");
    check("<progress value=9 max=-4></progress>", "[e.value, e.max, e.position].join()", "1,1,1");
    check(
        "<progress></progress>",
        "e.max = 8; e.max = -1; e.value = 2; e.outerHTML + e.position",
        "<progress max=\"8\" value=\"2\"></progress>0.25",
    );
    check("<progress></progress>", "e.value = NaN", "TypeError");
    let all = "[e.value, e.min, e.max, e.low, e.high, e.optimum].join()";
    check("<meter></meter>", all, "0,0,1,0,1,0.5");
    check("<meter value=' 1.5e1x' min=10 max=.5 low=0 high=99 optimum=-3></meter>", all, "10,10,10,10,10,10");
    check("<meter value=5 min=-10 max=10 low=-2 high=-5 optimum=1e999></meter>", all, "5,-10,10,-2,-2,0");
    check("<meter></meter>", "e.max = 10; e.value = 2.5; e.outerHTML", "<meter max=\"10\" value=\"2.5\"></meter>");
    check("<label>x<meter></meter></label>", "e.firstElementChild.labels[0] === e", "true");
}

#[test]
fn legacy_factories_make_elements() {
    let h = harness();
    h.check(
        "[new Option(), new Option('a'), new Option('a', 'b'), new Option('a', 'b', true), new Option('', '')].map((o) => o.outerHTML).join()",
        "<option></option>,<option>a</option>,<option value=\"b\">a</option>,<option value=\"b\" selected=\"\">a</option>,<option value=\"\"></option>",
    );
    h.check(
        "[new Option('a'), new Option('a', 'b', true), new Option('a', 'b', true, true), new Option('a', 'b', false, true)].map((o) => o.selected).join()",
        "false,false,true,true",
    );
    h.check(
        "[new Image(), new Image(2), new Image(2, '3')].map((i) => i.outerHTML).join()",
        "<img>,<img width=\"2\">,<img width=\"2\" height=\"3\">",
    );
    h.check(
        "[new Audio(), new Audio('x')].map((a) => a.outerHTML).join()",
        "<audio preload=\"auto\"></audio>,<audio preload=\"auto\" src=\"x\"></audio>",
    );
    h.check(
        "[Option, Image, Audio].map((f) => f.name + f.length + (new f() instanceof f) + (f.prototype.constructor === f)).join()",
        "Option0truefalse,Image0truefalse,Audio0truefalse",
    );
    h.check(
        "Option.prototype === HTMLOptionElement.prototype && Image.prototype === HTMLImageElement.prototype",
        "true",
    );
    h.check("try { Option() } catch (e) { e.name }", "TypeError");
}
