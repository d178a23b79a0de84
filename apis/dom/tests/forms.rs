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
fn properties_of_large_collections_are_looked_up() {
    // A look at all elements for each name would be a hundred times as many steps.
    let apis: Vec<&'static dyn Api> =
        [quickbeam_apis::always(), &[&Urls as &'static dyn Api, &Files, &DomApi]].concat();
    let h = Harness::configured(&apis, |config| config.max_reductions = Some(4_000_000));
    for (source, expected) in [
        (
            "{ const controls = Array.from({ length: 20_000 }, (_, i) => `<input name=n${i >> 1} id=i${i}><img name=m${i}>`);
               document.body.innerHTML = `<form id=f>${controls.join('')}</form>`; globalThis.f = document.getElementById('f'); f.length }",
            "20000",
        ),
        ("{ const keys = Object.keys(f); [keys.length, keys[0], keys.at(-1)].join() }", "20000,0,19999"),
        ("Object.getOwnPropertyNames(f).length", "70000"),
        ("{ const keys = Object.keys(f.elements); [keys.length, keys.at(-1)].join() }", "20000,19999"),
        ("Object.keys(document.getElementsByTagName('img')).length", "20000"),
        ("[f.n7.length, f.n7[1].id, f.i19999 === f[19999], f.m19999.localName, f.n10000, f.m20000].join()", "2,i15,true,img,,"),
        ("[f.elements.n7.length, document.images.m5 === f.m5, document.forms.f === f].join()", "2,true,true"),
        // Names change.
        ("f[14].name = 'n0'; [f.n0.length, f.n7.id, f.elements.n7.id].join()", "3,i15,i15"),
        ("f.m5.name = 'i3'; [f.m5, f.i3 === f[3], document.images.i3.localName].join()", ",true,img"),
        (
            "{ document.body.innerHTML = `<select>${'<option name=o>'.repeat(20_000)}</select>`; globalThis.s = document.querySelector('select');
               [Object.keys(s).length, Object.keys(s.options).length, s.options.o === s[0]].join() }",
            "20000,20000,true",
        ),
    ] {
        h.check(source, expected);
    }
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

/// A form `f` with a text, two radio buttons, a select, an image button and an image, and a control outside that belongs to it.
const FORM: &str = "document.body.innerHTML = `<form id=f action=/there><input name=email value=e><input type=radio name=r value=1><input type=radio name=r value=2 checked>
     <select id=s><option>x<option>y</select><input type=image name=im><img name=pic></form><input form=f name=out><input name=none>`;
   globalThis.f = document.getElementById('f'); globalThis.s = document.getElementById('s'); 1";

#[test]
fn forms_have_their_controls_as_properties() {
    let h = harness();
    h.check(FORM, "1");
    for (source, expected) in [
        ("[f[0].name, f[3] === s, f[4].name, f[5], f.length, f.elements.length].join()", "email,true,out,,5,5"),
        ("[f.email === f[0], f.s === s, f.out.name, f.none, f.pic.localName, f.im].join()", "true,true,out,,img,"),
        ("[...f].map((control) => control.name).join()", "email,r,r,,out"),
        ("Object.keys(f).join()", "0,1,2,3,4"),
        ("Object.getOwnPropertyNames(f).join()", "0,1,2,3,4,email,r,s,out,pic"),
        ("['email' in f, 'none' in f, 4 in f, 5 in f, Object.hasOwn(f, 'email')].join()", "true,false,true,false,true"),
        ("{ const all = []; for (const key in f) if (Object.hasOwn(f, key)) all.push(key); all.join() }", "0,1,2,3,4"),
        (
            "[f.r instanceof RadioNodeList, f.r.length, f.r.value, f.elements.r.value, f.elements.namedItem('r').value].join()",
            "true,2,2,2,2",
        ),
        ("f.r.value = 1; [f.r.value, f[1].checked, f[2].checked].join()", "1,true,false"),
        (
            "Object.prototype.toString.call(f.elements) + Object.prototype.toString.call(f.r)",
            "[object HTMLFormControlsCollection][object RadioNodeList]",
        ),
        ("f.elements === f.elements && f.elements.email === f.email", "true"),
        ("(function () { 'use strict'; try { f.email = 1 } catch (e) { return e.name } })()", "TypeError"),
        ("(function () { 'use strict'; try { f[0] = 1 } catch (e) { return e.name } })()", "TypeError"),
        ("(function () { 'use strict'; try { delete f.email } catch (e) { return e.name } })()", "TypeError"),
        ("f.own = 5; [f.own, delete f.own, f.own].join()", "5,true,"),
        (
            "f.email.name = 'mail'; const found = [f.email, f.mail === f[0]].join(); f.mail.name = 'email'; found",
            ",true",
        ),
        (
            "{ const loose = document.createElement('form'); loose.innerHTML = '<p><button name=b></button></p>'; [loose.b === loose[0], loose.length].join() }",
            "true,1",
        ),
        ("f.querySelector('img').remove(); f.pic", "undefined"),
        (
            "{ const inner = document.createElement('form'); inner.innerHTML = '<input name=deep><input name=far form=f>'; f.append(inner, document.createElement('output'));
               const got = [f.deep, inner.deep.name, inner.length, f.far.name, f[5].localName, f.length].join(); inner.remove(); got }",
            ",deep,1,far,output,7",
        ),
        ("f.id = 'g'; [f.length, f.out].join()", "5,"),
    ] {
        h.check(source, expected);
    }
}

#[test]
fn controls_hide_what_forms_inherit_but_not_from_the_library() {
    let h = harness();
    h.check(FORM, "1");
    h.check("f.action.endsWith('/there')", "true");
    let names = "action elements parentNode localName nodeType namespaceURI closest querySelectorAll checkValidity getAttribute parentElement contains ownerDocument children firstChild";
    h.check(
        &format!(
            "for (const name of '{names}'.split(' ')) {{ const input = document.createElement('input'); input.name = name; f.append(input) }}
             [f.action.name, f.parentNode.name, Object.hasOwn(f, 'localName')].join()"
        ),
        "action,parentNode,true",
    );
    h.check(
        "globalThis.told = []; document.body.addEventListener('submit', (event) => told.push(event.type, event.target === f)); f.requestSubmit(); told.join()",
        "submit,true",
    );
    h.check("f.reset(); new FormData(f).get('email')", "e");
    h.check(
        "{ const walker = document.createTreeWalker(document.body); let count = 0; while (walker.nextNode()) count++; count > 20 }",
        "true",
    );
    h.check("HTMLFormElement.prototype.hasOwnProperty.call(f, 'action')", "true");
    h.check("f.outerHTML.startsWith('<form id=\"f\"')", "true");
}

#[test]
fn selects_have_their_options_as_properties() {
    let h = harness();
    h.check(FORM, "1");
    for (source, expected) in [
        ("[s[0].text, s[1].text, s[2], s.length, s.item(1) === s[1], 1 in s, 2 in s].join()", "x,y,,2,true,true,false"),
        ("Object.keys(s).join() + [...s].map((option) => option.value)", "0,1x,y"),
        ("[...s.selectedOptions].map((option) => option.value).join()", "x"),
        ("Object.prototype.toString.call(s.options)", "[object HTMLOptionsCollection]"),
        ("s.options === s.options", "true"),
        (
            "s[2] = new Option('z'); s[0] = new Option('w'); s[5] = new Option('v'); [...s].map((option) => option.text).join()",
            "w,y,z,,,v",
        ),
        ("s[3] = null; s.length = 4; [...s].map((option) => option.text).join()", "w,y,z,"),
        (
            "s.options[0] = new Option('u'); s.options.length = 2; [...s.options].map((option) => option.text).join()",
            "u,y",
        ),
        (
            "s.options.add(new Option('t'), 0); s.options.remove(1); s.add(new Option('r')); [...s].map((option) => option.text).join()",
            "t,y,r",
        ),
        ("s.options.selectedIndex = 1; [s.value, s.options.selectedIndex].join()", "y,1"),
        ("s.length = 1e6; s[1e6] = null; s.length", "3"),
        ("try { s[0] = document.body } catch (e) { e.name }", "TypeError"),
        ("(function () { 'use strict'; try { delete s[0] } catch (e) { return e.name } })()", "TypeError"),
        (
            "s.innerHTML = '<optgroup><option>a</optgroup>'; s.add(new Option('b'), s[0]); s[1] = new Option('c'); s.innerHTML",
            "<optgroup><option>b</option><option>c</option></optgroup>",
        ),
        ("try { s.add(new Option('z'), document.body) } catch (error) { error.name }", "NotFoundError"),
        ("s.length = 0; s.outerHTML", "<select id=\"s\"><optgroup></optgroup></select>"),
        ("s.own = 1; s.own", "1"),
    ] {
        h.check(source, expected);
    }
}

#[test]
fn styles_have_the_names_of_their_declarations() {
    let h = harness();
    h.check("document.body.innerHTML = '<p style=\"color: red; --x: 1; margin-top: 0\"></p>'; globalThis.style = document.querySelector('p').style; 1", "1");
    for (source, expected) in [
        ("[style[0], style[1], style[2], style[3], style.length].join()", "color,--x,margin-top,,3"),
        ("{ const all = []; for (const name of style) all.push(name); all.join() }", "color,--x,margin-top"),
        ("Object.keys(style).join() + (2 in style) + (3 in style)", "0,1,2truefalse"),
        ("style.removeProperty('color'); style.width = '1px'; [...style].join()", "--x,margin-top,width"),
        (
            "document.querySelector('p').setAttribute('style', 'top: 0'); [style[0], style[1], style.item(0), style.item(1)].join()",
            "top,,top,",
        ),
        ("(function () { 'use strict'; try { style[0] = 'x' } catch (e) { return e.name } })()", "TypeError"),
        (
            "style.own = 1; style.color = 'blue'; [style.own, style.color, style.cssText].join()",
            "1,blue,top: 0; color: blue;",
        ),
        (
            "Object.getOwnPropertyDescriptor(CSSStyleDeclaration.prototype, 'cssText').get.call({})",
            "TypeError: Illegal invocation",
        ),
        ("try { new CSSStyleDeclaration() } catch (e) { e.name }", "TypeError"),
        (
            "Object.prototype.toString.call(style) + (style instanceof CSSStyleDeclaration)",
            "[object CSSStyleDeclaration]true",
        ),
    ] {
        h.check(source, expected);
    }
}
