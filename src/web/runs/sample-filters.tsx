/** The question that the search of samples asks. */
import { useId } from "react";
import { SearchField } from "../lib/search-field.tsx";

export interface SampleFilters {
  readonly source: string;
  readonly search: string;
  /** "true" if the words must be the model's own, not forced into its answer. */
  readonly own: string;
  /** Whether something was forced into the answer: "true", "false", or empty for either. */
  readonly forced: string;
  readonly outcome: string;
  readonly family: string;
  readonly level: string;
  readonly sort: string;
  readonly stepFrom: string;
  readonly stepTo: string;
  readonly rewardFrom: string;
  readonly rewardTo: string;
  readonly tokensFrom: string;
  readonly tokensTo: string;
}

export const NO_FILTERS: SampleFilters = {
  source: "training",
  search: "",
  own: "",
  forced: "",
  outcome: "",
  family: "",
  level: "",
  sort: "newest",
  stepFrom: "",
  stepTo: "",
  rewardFrom: "",
  rewardTo: "",
  tokensFrom: "",
  tokensTo: "",
};

const SORTS = [
  ["newest", "newest first"],
  ["step", "oldest first"],
  ["-reward", "highest reward"],
  ["reward", "lowest reward"],
  ["-tokens", "longest"],
  ["tokens", "shortest"],
  ["-advantage", "best of its group"],
] as const;

export interface SampleFilterProps {
  readonly filters: SampleFilters;
  readonly families: readonly string[];
  readonly levels: readonly number[];
  /** Whether something was forced into any answer: only then are there filters for it. */
  readonly forced: boolean;
  readonly onChange: (change: Partial<SampleFilters>) => void;
}

export function SampleFilterForm({ filters, families, levels, forced, onChange }: SampleFilterProps) {
  const select = (key: keyof SampleFilters, label: string, options: readonly (readonly [string, string])[]) => (
    <label className="field">
      <span>{label}</span>
      <select value={filters[key]} onChange={(event) => onChange({ [key]: event.target.value })}>
        {options.map(([value, text]) => (
          <option key={value} value={value}>
            {text}
          </option>
        ))}
      </select>
    </label>
  );
  return (
    <form className="filters sample-filters" onSubmit={(event) => event.preventDefault()}>
      <SearchField className="words" label="Words" value={filters.search} onChange={(search) => onChange({ search })} />
      {forced &&
        select("own", "Words written by", [
          ["", "anyone"],
          ["true", "the model"],
        ])}
      {forced &&
        select("forced", "Forced wait", [
          ["", "any"],
          ["true", "with"],
          ["false", "without"],
        ])}
      {select("source", "Answers", [
        ["training", "in training"],
        ["heldout", "to held-out problems"],
      ])}
      {select("outcome", "Verdict", [
        ["", "any"],
        ["right", "right"],
        ["wrong", "wrong"],
      ])}
      {select("family", "Family", [["", "all"], ...families.map((one) => [one, one] as const)])}
      {select("level", "Level", [["", "all"], ...levels.map((one) => [String(one), String(one)] as const)])}
      {select("sort", "Order", SORTS)}
      <Range label="Steps" from="stepFrom" to="stepTo" filters={filters} onChange={onChange} />
      <Range label="Tokens" from="tokensFrom" to="tokensTo" filters={filters} onChange={onChange} />
      <Range label="Reward" from="rewardFrom" to="rewardTo" filters={filters} onChange={onChange} />
    </form>
  );
}

interface RangeProps {
  readonly label: string;
  readonly from: keyof SampleFilters;
  readonly to: keyof SampleFilters;
  readonly filters: SampleFilters;
  readonly onChange: (change: Partial<SampleFilters>) => void;
}

/** Two ends, each of which may be left open. */
function Range({ label, from, to, filters, onChange }: RangeProps) {
  const id = useId();
  const end = (key: keyof SampleFilters, word: string) => (
    <input
      type="number"
      step="any"
      inputMode="decimal"
      aria-label={`${label} ${word}`}
      placeholder={word}
      value={filters[key]}
      onChange={(event) => onChange({ [key]: event.target.value })}
    />
  );
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset's legend cannot be laid out as the labels beside it.
    <div className="field range" role="group" aria-labelledby={id}>
      <span id={id}>{label}</span>
      <span className="range-ends">
        {end(from, "from")}
        {end(to, "to")}
      </span>
    </div>
  );
}
