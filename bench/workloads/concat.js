function run() {
  let text = "";
  for (let i = 0; i < 300000; i++) text += "item " + i + ";";
  return text.length;
}
