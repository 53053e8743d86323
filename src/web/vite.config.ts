import { fileURLToPath } from "node:url";
import react from "@vitejs/plugin-react";
import { defaultClientConditions, defineConfig } from "vite";

const here = fileURLToPath(new URL(".", import.meta.url));

export default defineConfig({
  root: here,
  base: "./",
  plugins: [react()],
  // ONNX Runtime's script without its WebAssembly loader inside: that lies beside it, as a file of its own.
  resolve: { conditions: ["onnxruntime-web-use-extern-wasm", ...defaultClientConditions] },
  worker: { format: "es" },
  build: {
    outDir: fileURLToPath(new URL("../../dist/web", import.meta.url)),
    emptyOutDir: true,
    // light-dark() and nesting are understood by all of these; lowering light-dark() would break the theme switch.
    cssTarget: ["chrome123", "firefox120", "safari17.5"],
    // The page's rules allow scripts and styles from files only.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // The licences of the packages that are in the bundle, which their terms want beside every copy.
    license: { fileName: "licenses.txt" },
  },
  server: { host: "127.0.0.1", proxy: { "/api": "http://127.0.0.1:4180" } },
});
