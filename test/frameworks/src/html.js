import * as cheerio from "cheerio";
import { marked } from "marked";
import sanitizeHtml from "sanitize-html";

globalThis.run = () => {
  const $ = cheerio.load(`<ul id="fruits"><li class="apple">Apple</li><li class="pear">Pear</li></ul>`);
  $("#fruits").append('<li class="plum">Plum</li>').find(".pear").addClass("ripe").attr("data-n", "2");
  const markdown = "# Title\n\n*a* **b** `c`\n\n| x | y |\n|---|---|\n| 1 | 2 |\n\n- [x] done\n";
  return {
    cheerio: $("li").map((i, li) => $(li).text()).get().join(),
    ripe: $.html(".ripe"),
    page: cheerio.load("<title>x</title><p>y").html(),
    marked: marked.parse(markdown).replace(/\s+/g, " ").trim(),
    sanitized: sanitizeHtml(`<p onclick="x()">hi <script>alert(1)</script><a href="javascript:x">a</a><b>b</b></p>`),
  };
};

globalThis.expected = {
  cheerio: "Apple,Pear,Plum",
  ripe: '<li class="pear ripe" data-n="2">Pear</li>',
  page: "<html><head><title>x</title></head><body><p>y</p></body></html>",
  marked:
    "<h1>Title</h1> <p><em>a</em> <strong>b</strong> <code>c</code></p> <table> <thead> <tr> <th>x</th> <th>y</th> </tr> </thead> " +
    '<tbody><tr> <td>1</td> <td>2</td> </tr> </tbody></table> <ul> <li><input checked="" disabled="" type="checkbox"> done</li> </ul>',
  sanitized: "<p>hi <a>a</a><b>b</b></p>",
};
