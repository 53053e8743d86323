/** The thread of a `WorkerCompute`: waits for work on shared buffers, does it, answers. */
import { parentPort, workerData } from "node:worker_threads";
import { openProvider } from "../graph/node.ts";
import { ComputeUnit, sumGradients } from "../train/compute.ts";
import { type ErrorDetails, ReckonError } from "../util/errors.ts";
import type { WorkerReply, WorkerRequest, WorkerSetup } from "./worker-compute.ts";

const { spec, provider, buffers } = workerData as WorkerSetup;
const unit = new ComputeUnit(await openProvider(provider), spec, buffers);
const port = parentPort!;

async function serve(request: WorkerRequest): Promise<WorkerReply> {
  switch (request.kind) {
    case "gradient":
      return { id: request.id, result: await unit.gradient(request.objective, request.shard, request.batches) };
    case "scoreGradient":
      return { id: request.id, result: await unit.scoreGradient(request.objective, request.shard, request.batches) };
    case "readScores":
      return { id: request.id, result: await unit.readScores(request.batches) };
    case "sum":
      return { id: request.id, result: sumGradients(buffers, request.shards, request.from, request.to) };
    case "score":
      return {
        id: request.id,
        result: await unit.score(request.weights, request.batches, request.temperature, request.top),
      };
    case "generate":
      return { id: request.id, result: await unit.generate(request.request, request.weights) };
    case "close":
      await unit.release();
      return { id: request.id, result: undefined };
    default:
      request satisfies never;
      throw new Error("internal: unknown request");
  }
}

port.on("message", (request: WorkerRequest) => {
  serve(request)
    .catch((error: unknown): WorkerReply => {
      if (!(error instanceof ReckonError)) return { id: request.id, error };
      const { code, summary, expected, got, help } = error;
      // Through JSON: what is undefined falls away.
      const details = JSON.parse(JSON.stringify({ expected, got, help })) as ErrorDetails;
      return { id: request.id, code, summary, details };
    })
    .then((reply) => {
      port.postMessage(reply);
      if (request.kind === "close") port.close();
    });
});
