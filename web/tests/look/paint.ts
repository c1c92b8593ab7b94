/** Draws a still picture into the element: a seated figure for a camera, a page of text for a screen. */
export function paint(participant: string, kind: "camera" | "screen", element: HTMLVideoElement): () => void {
  const canvas = document.createElement("canvas");
  canvas.width = 1280;
  canvas.height = 720;
  const pen = canvas.getContext("2d");
  if (!pen) return () => undefined;
  const hue = (Number.parseInt(participant.replace(/\D/g, "") || "0", 10) * 67) % 360;
  const draw = kind === "camera" ? figure : page;
  draw(pen, hue);
  const stream = canvas.captureStream(5);
  const ticking = setInterval(() => {
    draw(pen, hue);
  }, 200);
  element.srcObject = stream;
  void element.play();
  return () => {
    clearInterval(ticking);
    element.srcObject = null;
  };
}

function figure(pen: CanvasRenderingContext2D, hue: number): void {
  const ground = pen.createLinearGradient(0, 0, 1280, 720);
  ground.addColorStop(0, `hsl(${String(hue)} 24% 62%)`);
  ground.addColorStop(1, `hsl(${String((hue + 40) % 360)} 26% 38%)`);
  pen.fillStyle = ground;
  pen.fillRect(0, 0, 1280, 720);
  pen.fillStyle = `hsl(${String((hue + 180) % 360)} 22% 30%)`;
  pen.beginPath();
  pen.ellipse(640, 760, 300, 290, 0, 0, 7);
  pen.fill();
  pen.fillStyle = "hsl(24 38% 66%)";
  pen.beginPath();
  pen.ellipse(640, 330, 125, 155, 0, 0, 7);
  pen.fill();
}

function page(pen: CanvasRenderingContext2D): void {
  pen.fillStyle = "#fff";
  pen.fillRect(0, 0, 1280, 720);
  pen.fillStyle = "#1b1f24";
  pen.font = "600 44px sans-serif";
  pen.fillText("Physics 9B: how a lens bends light", 80, 110);
  pen.fillStyle = "#c9ccd1";
  for (let row = 0; row < 12; row += 1) pen.fillRect(80, 170 + row * 42, 500 + ((row * 97) % 560), 16);
}
