/**
 * One product over and over in a thread of its own: ONNX Runtime computes in the thread that calls it, so that two products at
 * once take two threads.
 */
import { parentPort, workerData } from "node:worker_threads";
import { cpuProvider } from "../../graph/node.ts";
import { type ProductShape, product } from "./product.ts";

const { run } = await product(await cpuProvider(), workerData as ProductShape, 1);
parentPort!.on("message", async (times: number) => {
  for (let i = 0; i < times; i++) await run();
  parentPort!.postMessage("done");
});
parentPort!.postMessage("ready");
