/** The models of `reckon bench growth`. */
import type { ModelConfig } from "../../model/config.ts";
import { parameterLayout } from "../../model/parameters.ts";
import { CONFIGURATIONS, SHARED } from "./configurations.ts";

/** Width and layers: 0.3, 0.9, 2.4, 5.1, 11.5 and 30 million parameters. */
const SIZES: readonly (readonly [width: number, layers: number])[] = [
  [96, 3],
  [128, 4],
  [192, 5],
  [256, 6],
  [384, 6],
  [576, 7],
];
const HEAD = 32;

/** Of one shape, for growth by parameters. */
export const SIZED: readonly ModelConfig[] = SIZES.map(([width, layers]) => {
  const heads = width / HEAD;
  const size = { hiddenSize: width, layers, heads, kvHeads: heads, headDim: HEAD, intermediateSize: 3 * width };
  return { ...SHARED, ...size, vocabSize: 64, maxPositions: 2048 };
});

/** Configuration a with room for long sequences, for growth by batch and by length. */
export const LONG_A: ModelConfig = { ...CONFIGURATIONS.a.model, maxPositions: 2048 };

/** The model of a measured point; undefined where there is none of that size any more. */
export function modelOf(axis: string, parameters: number): ModelConfig | undefined {
  const models = axis === "parameters" ? SIZED : [LONG_A];
  return models.find((model) => parameterLayout(model).size === parameters);
}
