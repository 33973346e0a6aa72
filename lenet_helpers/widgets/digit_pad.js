// A sheet of paper to draw on. The strokes are drawn here, at once, and told to the kernel, which
// keeps them: `value` is the whole state. All words come from the kernel, in `texts`.

const SEND_EVERY_MS = 50;
const STEP = 10;
const SMALL_STEP = 2;
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

function render({ model, el }) {
  const [side, pen, mostPoints] = ["side", "pen", "most_points"].map((name) => model.get(name));
  const texts = model.get("texts");
  const canvas = make("canvas", { tabIndex: 0, role: "application", "aria-label": texts.name });
  const hint = make("p", { className: "lenet-pad-hint" }, texts.hint);
  const spoken = make("p", { className: "lenet-pad-spoken", role: "status", "aria-live": "polite" });
  const undoButton = make("button", { className: "jupyter-button", type: "button" }, texts.undo);
  const clearButton = make("button", { className: "jupyter-button", type: "button" }, texts.clear);
  const buttons = make("div", { className: "lenet-pad-buttons" });
  buttons.append(undoButton, clearButton);
  hint.id = `lenet-pad-${Math.random().toString(36).slice(2)}`;
  canvas.setAttribute("aria-describedby", hint.id);
  el.classList.add("lenet-pad");
  // JupyterLab leaves the keys alone: arrows would move on to another cell.
  el.setAttribute("data-lm-suppress-shortcuts", "true");
  el.append(canvas, buttons, hint, spoken);

  let strokes = copy(model.get("value"));
  let pointer = null; // the id of the pointer that is drawing
  let isPenDown = false; // by keyboard
  let showsCursor = false;
  let cursor = inTheMiddle();
  const held = new Set();
  let timer = null;
  let isSending = false;
  let lastSent = -SEND_EVERY_MS;

  // --- What is seen ---

  function paint() {
    const ratio = canvas.width / side;
    const context = canvas.getContext("2d");
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.fillStyle = "#FFFFFF";
    context.fillRect(0, 0, side, side);
    context.fillStyle = context.strokeStyle = "#000000";
    context.lineWidth = pen;
    context.lineCap = context.lineJoin = "round";
    for (const points of strokes) {
      context.beginPath();
      if (points.length === 1) {
        context.arc(...middle(points[0]), pen / 2, 0, 2 * Math.PI);
        context.fill();
      } else {
        points.forEach((point) => context.lineTo(...middle(point)));
        context.stroke();
      }
    }
    if (showsCursor) paintCursor(context);
  }

  function paintCursor(context) {
    const [x, y] = middle(cursor);
    // White around the colour: it can be seen on ink, too.
    for (const [width, colour] of [[5, "#FFFFFF"], [2, isPenDown ? "#D55E00" : "#0072B2"]]) {
      context.lineWidth = width;
      context.strokeStyle = colour;
      context.beginPath();
      context.arc(x, y, pen / 2 + 2, 0, 2 * Math.PI);
      for (const [right, down] of Object.values(ARROWS)) {
        context.moveTo(x + right * 3, y + down * 3);
        context.lineTo(x + right * (pen / 2 + 7), y + down * (pen / 2 + 7));
      }
      context.stroke();
    }
  }

  function fit() {
    const pixels = Math.round(canvas.clientWidth * window.devicePixelRatio);
    if (pixels > 0 && canvas.width !== pixels) canvas.width = canvas.height = pixels;
    paint();
  }

  // --- What the kernel is told ---

  function send() {
    clearTimeout(timer);
    timer = null;
    isSending = true;
    model.set("value", copy(strokes));
    isSending = false;
    lastSent = performance.now();
    model.save_changes();
  }

  function sendSoon() {
    if (timer !== null) return;
    const wait = lastSent + SEND_EVERY_MS - performance.now();
    if (wait > 0) timer = setTimeout(send, wait);
    else send();
  }

  function receive() {
    if (isSending) return;
    clearTimeout(timer);
    timer = pointer = null;
    isPenDown = false;
    strokes = copy(model.get("value"));
    if (!strokes.length) cursor = inTheMiddle();
    paint();
  }

  // --- Strokes ---

  function isFull() {
    return strokes.reduce((sum, points) => sum + points.length, 0) >= mostPoints;
  }

  function begin(point) {
    if (isFull()) return say(texts.full);
    strokes.push([point]);
    paint();
    sendSoon();
  }

  function extend(point) {
    const points = strokes.at(-1);
    const last = points.at(-1);
    if (point[0] === last[0] && point[1] === last[1]) return;
    if (isFull()) return say(texts.full);
    points.push(point);
    sendSoon();
  }

  function undo() {
    liftPen();
    if (!strokes.length) return;
    strokes.pop();
    finish(texts.undone);
  }

  function clear() {
    liftPen();
    strokes = [];
    cursor = inTheMiddle();
    finish(texts.cleared);
  }

  function finish(text) {
    paint();
    send();
    if (text) say(text);
  }

  function inTheMiddle() {
    return [Math.floor(side / 2), Math.floor(side / 2)];
  }

  function liftPen() {
    pointer = null;
    isPenDown = false;
  }

  function say(text) {
    spoken.textContent = text;
  }

  // --- Mouse, finger, pen ---

  function pointOf(event) {
    const box = canvas.getBoundingClientRect();
    const [left, top] = [box.left + canvas.clientLeft, box.top + canvas.clientTop];
    return [
      whole(((event.clientX - left) / canvas.clientWidth) * side),
      whole(((event.clientY - top) / canvas.clientHeight) * side),
    ];
  }

  function whole(position) {
    return Math.min(Math.max(Math.floor(position), 0), side - 1);
  }

  canvas.addEventListener("pointerdown", (event) => {
    if (event.button !== 0 || pointer !== null) return;
    isPenDown = showsCursor = false;
    const nStrokes = strokes.length;
    begin(pointOf(event));
    if (strokes.length === nStrokes) return;
    pointer = event.pointerId;
    canvas.setPointerCapture(pointer);
  });

  canvas.addEventListener("pointermove", (event) => {
    if (event.pointerId !== pointer) return;
    const events = event.getCoalescedEvents?.() ?? [];
    (events.length ? events : [event]).forEach((part) => extend(pointOf(part)));
    paint();
  });

  for (const name of ["pointerup", "pointercancel", "lostpointercapture"]) {
    canvas.addEventListener(name, (event) => {
      if (event.pointerId !== pointer) return;
      if (name === "pointerup") extend(pointOf(event));
      pointer = null;
      finish();
    });
  }

  // --- Keyboard ---

  function move(step) {
    for (const key of held) {
      cursor = cursor.map((position, axis) => whole(position + step * ARROWS[key][axis]));
    }
    if (isPenDown) extend([...cursor]);
  }

  function press(key, isShifted) {
    if (key in ARROWS) {
      // Two arrows that are held together move it diagonally.
      held.add(key);
      move(isShifted ? SMALL_STEP : STEP);
    } else if (key === " ") {
      isPenDown = !isPenDown;
      if (isPenDown) begin([...cursor]);
      else send();
    } else if (key === "Backspace") {
      return undo();
    } else if (key === "Delete") {
      return clear();
    } else {
      return false;
    }
    const [right, down] = cursor.map((position) => Math.round((100 * position) / (side - 1)));
    const text = isPenDown ? texts.pen_down : texts.pen_up;
    say(isPenDown && isFull() ? texts.full : text.replace("{right}", right).replace("{down}", down));
  }

  canvas.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || pointer !== null) return;
    // A Space that is held sets the pen down once.
    if (event.repeat && event.key === " ") return event.preventDefault();
    if (press(event.key, event.shiftKey) === false) return;
    event.preventDefault();
    showsCursor = true;
    paint();
  });
  canvas.addEventListener("keyup", (event) => held.delete(event.key));
  canvas.addEventListener("focus", () => {
    showsCursor = canvas.matches(":focus-visible");
    paint();
  });
  canvas.addEventListener("blur", () => {
    if (isPenDown) send();
    isPenDown = showsCursor = false;
    held.clear();
    paint();
  });
  undoButton.addEventListener("click", undo);
  clearButton.addEventListener("click", clear);

  const observer = new ResizeObserver(fit);
  observer.observe(canvas);
  window.addEventListener("resize", fit);
  model.on("change:value", receive);
  return () => {
    observer.disconnect();
    window.removeEventListener("resize", fit);
    model.off("change:value", receive);
    if (timer !== null) send();
  };
}

function make(tag, { className = "", tabIndex, ...attributes }, text = "") {
  const element = document.createElement(tag);
  element.className = className;
  element.textContent = text;
  if (tabIndex !== undefined) element.tabIndex = tabIndex;
  Object.entries(attributes).forEach(([name, value]) => element.setAttribute(name, value));
  return element;
}

function copy(strokes) {
  return strokes.map((points) => points.map((point) => [...point]));
}

// A point stands for the middle of its unit.
function middle([x, y]) {
  return [x + 0.5, y + 0.5];
}

export default { render };
