/** Which curves there are: the same in the studio and in reports. */
export * from "../../report/chart-specs.ts";
