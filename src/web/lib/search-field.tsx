/** The words that a list of answers is searched for. */
export function SearchField({
  label,
  className,
  value,
  onChange,
}: {
  readonly label: string;
  readonly className: string;
  readonly value: string;
  readonly onChange: (value: string) => void;
}) {
  return (
    <label className={`field ${className}`}>
      <span>{label}</span>
      <input
        type="search"
        value={value}
        placeholder="wait, 24, check …"
        onChange={(event) => onChange(event.target.value)}
      />
    </label>
  );
}
