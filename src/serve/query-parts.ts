/** Parts of queries that several routes have in common. */
import { z } from "zod";

export const paging = {
  offset: z.coerce.number().int().min(0).default(0),
  limit: z.coerce.number().int().min(1).max(200).default(50),
};

export const rung = { family: z.string().max(100).optional(), level: z.coerce.number().int().min(0).optional() };

/** As `problemId` gives it. */
export const problemIdText = z.string().regex(/^[0-9a-f]{1,14}$/);
