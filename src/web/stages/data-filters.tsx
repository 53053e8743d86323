/** The question that browsing data asks. */
import type { TracePage } from "../../serve/wire.ts";
import { SearchField } from "../lib/search-field.tsx";
import { Select } from "../lib/select.tsx";

export interface DataFilters {
  readonly search: string;
  readonly family: string;
  readonly level: string;
  readonly language: string;
  readonly outcome: string;
  /** The rating that is meant by the least one and the order; empty for their mean. */
  readonly aspect: string;
  readonly ratingFrom: string;
  readonly sort: string;
}

export const NO_FILTERS: DataFilters = {
  search: "",
  family: "",
  level: "",
  language: "",
  outcome: "",
  aspect: "",
  ratingFrom: "",
  sort: "file",
};

export interface DataFilterProps {
  readonly filters: DataFilters;
  /** Has the choices; null before it came. */
  readonly page: TracePage | null;
  readonly onChange: (change: Partial<DataFilters>) => void;
}

type Option = readonly [string, string];
const any = (values: readonly (string | number)[]): Option[] => [
  ["", "all"],
  ...values.map((one): Option => [String(one), String(one)]),
];

export function DataFilterForm({ filters, page, onChange }: DataFilterProps) {
  const aspects = Object.keys(page?.aspects ?? {});
  // What was filtered away must still be there to be chosen.
  const rated = aspects.length > 0 || filters.aspect !== "" || filters.ratingFrom !== "";
  const sorts: Option[] = [
    ["file", "as written"],
    ["-length", "longest thinking"],
    ["length", "shortest thinking"],
    ...(rated
      ? ([
          ["-rating", "best rated"],
          ["rating", "worst rated"],
        ] as const)
      : []),
  ];
  return (
    <form className="filters" onSubmit={(event) => event.preventDefault()}>
      <SearchField className="words" label="Words" value={filters.search} onChange={(search) => onChange({ search })} />
      <Select
        label="Family"
        value={filters.family}
        options={any(page?.families ?? [])}
        onChange={(family) => onChange({ family })}
      />
      <Select
        label="Level"
        value={filters.level}
        options={any(page?.levels ?? [])}
        onChange={(level) => onChange({ level })}
      />
      {(page?.languages.length ?? 0) > 1 && (
        <Select
          label="Language"
          value={filters.language}
          options={any(page?.languages ?? [])}
          onChange={(language) => onChange({ language })}
        />
      )}
      <Select
        label="Answer"
        value={filters.outcome}
        options={[
          ["", "any"],
          ["right", "right"],
          ["wrong", "wrong"],
        ]}
        onChange={(outcome) => onChange({ outcome })}
      />
      {rated && (
        <>
          <Select
            label="Rating"
            value={filters.aspect}
            options={[["", "mean of all"], ...aspects.map((one): Option => [one, one])]}
            onChange={(aspect) => onChange({ aspect })}
          />
          <Select
            label="At least"
            value={filters.ratingFrom}
            options={[["", "any"], ...["2", "3", "4", "4.5", "5"].map((one): Option => [one, one])]}
            onChange={(ratingFrom) => onChange({ ratingFrom })}
          />
        </>
      )}
      <Select label="Order" value={filters.sort} options={sorts} onChange={(sort) => onChange({ sort })} />
    </form>
  );
}
