"use strict";
(() => {
  const page = __DATA__;
  const options = {
    actions: false,
    renderer: "svg",
    ast: true, // expressions are interpreted, so that the policy need not allow eval
    formatLocale: page.locale,
    tooltip: { theme: "light" },
  };
  const NARROW = 430; // pixels
  const LINE = 20; // characters, and at most two lines

  function inLines(name) {
    const lines = [""];
    for (const part of name.split(/(?<= )|(?<=\p{L}-)(?=\p{L})/u)) {
      const last = lines[lines.length - 1];
      if (last && (last + part).trim().length > LINE) lines.push(part);
      else lines[lines.length - 1] = last + part;
    }
    if (lines.length > 2) lines[1] = lines[1].trim() + "\u2026";
    return lines.slice(0, 2).join("\n");
  }

  // On a narrow page long names stand on several lines, and marks that would not fit are left out.
  function fitted(specification, width) {
    if (width >= NARROW) return specification;
    let text = JSON.stringify(specification);
    for (const name of specification.usermeta.names) {
      text = text.replaceAll(JSON.stringify(name), JSON.stringify(inLines(name)));
    }
    const narrow = JSON.parse(text);
    const leaveOut = new Set(narrow.usermeta.leaveOut);
    if (narrow.layer) narrow.layer = narrow.layer.filter((layer) => !leaveOut.has(layer.mark.style));
    narrow.config.axis.labelFontSize = 11;
    narrow.config.legend.columns = 1;
    if (specification.usermeta.names.length) narrow.height *= 1.2;
    return narrow;
  }

  for (const [name, specification] of Object.entries(page.charts)) {
    const place = document.getElementById("chart-" + name);
    vegaEmbed(place, fitted(specification, place.clientWidth), options).then((result) => {
      // the caption and the table speak for the chart; its marks would only be noise to a screen reader
      const drawing = place.querySelector("svg");
      drawing.setAttribute("aria-hidden", "true");
      drawing.setAttribute("focusable", "false");
      place.dataset.drawn = "true";
      window.addEventListener("beforeprint", () => result.view.resize().run());
    });
  }
})();
