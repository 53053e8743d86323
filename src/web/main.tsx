import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App } from "./app.tsx";
import "uplot/dist/uPlot.min.css";
import "./styles/base.css";
import "./styles/shell.css";
import "./styles/grow.css";
import "./styles/rollouts.css";
import "./styles/talk.css";
import "./styles/tab.css";
import "./styles/label.css";
import "./styles/runs.css";
import "./styles/samples.css";
import "./styles/stages.css";

createRoot(document.getElementById("root")!).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
