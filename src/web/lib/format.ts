/** Numbers and times as people read them: the same in the studio and in reports. */
export * from "../../report/format.ts";
