// Names and states for screen readers, where ipywidgets and JupyterLab leave them out. All words
// are in the page already: a slider's label, a picture's caption, the sentence under a figure.

const NAMERS = {
  ".widget-slider": nameSlider,
  ".widget-toggle-buttons": nameChoice,
  ".widget-hprogress": nameProgress,
  ".lenet-picture": namePicture,
  ".lenet-group": nameGroup,
  ".jp-RenderedMarkdown": nameFigure,
};
const NAMED = Object.keys(NAMERS).join();
// What sliders, buttons and bars change when they move.
const ATTRIBUTES = ["aria-valuetext", "class", "style"];

function render() {
  name(document.querySelectorAll(NAMED));
  // It is told of a change before the page is painted: nobody meets a widget without its name.
  const observer = new MutationObserver((records) => name(new Set(records.flatMap(touched))));
  observer.observe(document.body, {
    subtree: true,
    childList: true,
    characterData: true,
    attributeFilter: ATTRIBUTES,
  });
  return () => observer.disconnect();
}

function touched({ target, addedNodes }) {
  const element = target.nodeType === Node.TEXT_NODE ? target.parentElement : target;
  const around = element?.closest(NAMED);
  const within = [...addedNodes]
    .filter((node) => node.nodeType === Node.ELEMENT_NODE)
    .flatMap((node) => [node, ...node.querySelectorAll(NAMED)]);
  return around ? [around, ...within] : within;
}

function name(elements) {
  for (const element of elements) {
    for (const [selector, namer] of Object.entries(NAMERS)) {
      if (element.matches(selector)) namer(element);
    }
  }
}

function nameSlider(slider) {
  const label = labelOf(slider);
  const readout = slider.querySelector(".widget-readout");
  for (const handle of slider.querySelectorAll("[role=slider]")) {
    set(handle, "aria-label", label);
    // A slider over choices would tell which one by its number.
    set(handle, "aria-valuetext", textOf(readout));
  }
  if (readout?.isContentEditable) {
    set(readout, "role", "textbox");
    set(readout, "aria-label", label);
  }
}

function nameChoice(choice) {
  set(choice, "role", "group");
  set(choice, "aria-label", labelOf(choice));
  for (const button of choice.querySelectorAll("button")) {
    set(button, "aria-pressed", String(button.classList.contains("mod-active")));
  }
}

function nameProgress(progress) {
  const [whole, done] = [".progress", ".progress-bar"].map((part) => progress.querySelector(part));
  if (!whole || !done) return;
  set(whole, "role", "progressbar");
  set(whole, "aria-label", labelOf(progress));
  set(whole, "aria-valuenow", String(Math.round(parseFloat(done.style.width) || 0)));
}

function namePicture(frame) {
  const picture = frame.querySelector("img");
  if (picture) set(picture, "alt", textOf(frame.firstElementChild));
}

function nameGroup(group) {
  set(group, "role", "group");
  set(group, "aria-label", textOf(group.firstElementChild));
}

// JupyterLab 4.6 leaves out the alternative text that a figure's output holds.
function nameFigure(sentence) {
  const output = sentence.closest(".jp-OutputArea-child")?.previousElementSibling;
  const figure = output?.querySelector(".jp-RenderedImage img");
  if (figure) set(figure, "alt", textOf(sentence));
}

function labelOf(widget) {
  const label = widget.querySelector(".widget-label");
  // ipywidgets 8.1 writes "null" where there is no description of its own for the mouse.
  if (label?.title === "null") label.removeAttribute("title");
  return textOf(label);
}

function textOf(element) {
  return (element?.textContent ?? "").trim().replace(/\s+/g, " ");
}

// What is there already stays untouched, or the observer would be told again and again.
function set(element, attribute, text) {
  if (text && element.getAttribute(attribute) !== text) element.setAttribute(attribute, text);
}

export default { render };
