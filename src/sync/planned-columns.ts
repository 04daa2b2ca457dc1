// The columns of a source as a plan tells them (see `namesAndTypes`), one for each slot of its rows.

export interface PlannedColumn {
  /** `name.first_name` */
  readonly path: string
  /** As text, to be compared. */
  readonly type: string
}

/** In the order of their slots. A list is one column, whatever its members. */
export function columnsOf(columns: unknown, prefix = ''): PlannedColumn[] {
  if (!Array.isArray(columns)) return []
  return columns.flatMap((member: Readonly<Record<string, unknown>>) =>
    Object.entries(member).flatMap(([name, inner]) =>
      isGroup(inner)
        ? columnsOf(inner, `${prefix}${name}.`)
        : [{ path: `${prefix}${name}`, type: JSON.stringify(inner) }],
    ),
  )
}

/** A list holds one type, a group objects. */
function isGroup(inner: unknown): boolean {
  if (!Array.isArray(inner)) return false
  const [first] = inner as readonly unknown[]
  return first === undefined || (typeof first === 'object' && !Array.isArray(first))
}
