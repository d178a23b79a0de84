// The interfaces of HTML elements: their tags, and the attributes that they reflect.
(() => () => {
  /** Interfaces: their parent if it is not HTMLElement, tags, and reflected attributes. */
  const table = {
    HTMLAnchorElement:
      "a|href:u target download ping rel relList=rel:t hreflang type referrerPolicy charset coords name rev shape",
    HTMLAreaElement: "area|alt coords shape href:u target download ping rel relList=rel:t referrerPolicy noHref:b",
    HTMLAudioElement: "audio|",
    HTMLBRElement: "br|clear",
    HTMLBaseElement: "base|href:u target",
    HTMLBodyElement: "body|text link vLink aLink bgColor background",
    HTMLButtonElement: "button|type:e,submit,reset,button value name disabled:b formAction:u formEnctype formMethod formNoValidate:b formTarget",
    HTMLCanvasElement: "canvas|width:n,300 height:n,150",
    HTMLDListElement: "dl|compact:b",
    HTMLDataElement: "data|value",
    HTMLDataListElement: "datalist|",
    HTMLDetailsElement: "details|name",
    HTMLDialogElement: "dialog|open:b",
    HTMLDirectoryElement: "dir|compact:b",
    HTMLDivElement: "div|align",
    HTMLEmbedElement: "embed|src:u type width height align name",
    HTMLFieldSetElement: "fieldset|disabled:b name",
    HTMLFontElement: "font|color face size",
    HTMLFormElement:
      "form|acceptCharset=accept-charset action:u autocomplete enctype:e,application/x-www-form-urlencoded,multipart/form-data,text/plain encoding=enctype method:e,get,post,dialog name noValidate:b target rel relList=rel:t",
    HTMLFrameElement: "frame|name scrolling src:u frameBorder longDesc:u noResize:b marginHeight marginWidth",
    HTMLFrameSetElement: "frameset|cols rows",
    HTMLHRElement: "hr|align color noShade:b size width",
    HTMLHeadElement: "head|",
    HTMLHeadingElement: "h1,h2,h3,h4,h5,h6|align",
    HTMLHtmlElement: "html|version",
    HTMLIFrameElement:
      "iframe|src:u srcdoc name sandbox:t allow allowFullscreen:b width height referrerPolicy loading:e,eager,lazy align scrolling frameBorder",
    HTMLImageElement:
      "img|alt src:u srcset sizes crossOrigin:c useMap isMap:b width:n height:n referrerPolicy decoding:e,auto,sync,async loading:e,eager,lazy fetchPriority:e,auto,high,low name lowsrc:u align hspace:n vspace:n longDesc:u border",
    HTMLInputElement:
      "input|accept alt autocomplete defaultChecked=checked:b defaultValue=value dirName disabled:b formAction:u formEnctype formMethod formNoValidate:b formTarget height:n max maxLength:l,-1 min minLength:l,-1 multiple:b name pattern placeholder readOnly:b required:b size:p,20 src:u step width:n align useMap",
    HTMLLIElement: "li|value:i type",
    HTMLLabelElement: "label|htmlFor=for",
    HTMLLegendElement: "legend|align",
    HTMLLinkElement:
      "link|href:u crossOrigin:c rel relList=rel:t media integrity hreflang type referrerPolicy as sizes:t imageSrcset imageSizes disabled:b fetchPriority:e,auto,high,low charset rev target",
    HTMLMapElement: "map|name",
    HTMLMarqueeElement: "marquee|behavior bgColor direction height width",
    HTMLMenuElement: "menu|compact:b",
    HTMLMetaElement: "meta|name httpEquiv=http-equiv content media scheme",
    HTMLMeterElement: "meter|",
    HTMLModElement: "ins,del|cite:u dateTime",
    HTMLOListElement: "ol|reversed:b start:i,1 type compact:b",
    HTMLObjectElement: "object|data:u type name width height useMap align",
    HTMLOptGroupElement: "optgroup|disabled:b label",
    HTMLOptionElement: "option|disabled:b defaultSelected=selected:b",
    HTMLOutputElement: "output|htmlFor=for:t name",
    HTMLParagraphElement: "p|align",
    HTMLParamElement: "param|name value type valueType",
    HTMLPictureElement: "picture|",
    HTMLPreElement: "pre,listing,xmp|width:i",
    HTMLProgressElement: "progress|",
    HTMLQuoteElement: "blockquote,q|cite:u",
    HTMLScriptElement:
      "script|src:u type noModule:b defer:b crossOrigin:c referrerPolicy integrity fetchPriority:e,auto,high,low charset event htmlFor=for",
    HTMLSelectElement: "select|autocomplete disabled:b multiple:b name required:b size:n",
    HTMLSlotElement: "slot|name",
    HTMLSourceElement: "source|src:u type srcset sizes media width:n height:n",
    HTMLSpanElement: "span|",
    HTMLStyleElement: "style|media type disabled:b",
    HTMLTableCaptionElement: "caption|align",
    HTMLTableCellElement: "td,th|colSpan:k,1,1,1000 rowSpan:k,1,0,65534 headers scope abbr align axis height width ch=char noWrap:b vAlign bgColor",
    HTMLTableColElement: "col,colgroup|span:k,1,1,1000 align ch=char vAlign width",
    HTMLTableElement: "table|align border frame rules summary width bgColor cellPadding cellSpacing",
    HTMLTableRowElement: "tr|align ch=char vAlign bgColor",
    HTMLTableSectionElement: "thead,tbody,tfoot|align ch=char vAlign",
    HTMLTemplateElement: "template|shadowRootMode",
    HTMLTextAreaElement:
      "textarea|autocomplete cols:f,20 dirName disabled:b maxLength:l,-1 minLength:l,-1 name placeholder readOnly:b required:b rows:f,2 wrap",
    HTMLTimeElement: "time|dateTime",
    HTMLTitleElement: "title|",
    HTMLTrackElement: "track|kind src:u srclang label default:b",
    HTMLUListElement: "ul|compact:b type",
    HTMLVideoElement: "video|width:n height:n poster:u playsInline:b",
    HTMLMediaElement: "|src:u crossOrigin:c preload autoplay:b loop:b controls:b defaultMuted=muted:b",
  };
  const parents = { HTMLAudioElement: "HTMLMediaElement", HTMLVideoElement: "HTMLMediaElement" };
  const plain =
    "abbr address article aside b bdi bdo cite code dd dfn dt em figcaption figure footer header hgroup i kbd main mark nav noscript rp rt ruby s samp search section small strong sub summary sup u var wbr acronym basefont big center nobr noembed noframes plaintext rb rtc strike tt";

  return { table, parents, plain };
})();
