// Opens what /ws/v1 tells of extension tables, so that their columns stand in the row as a source declares them.

type Raw = Readonly<Record<string, unknown>>

/**
 * The raw row with a member for each of the tables that it tells about: `u_students_extension: { gifted: … }`, names in lower
 * case. A row without them is given back as it is. Never throws.
 */
export function withExtensions(raw: unknown, tables: readonly string[]): unknown {
  if (tables.length === 0 || !isObject(raw) || !isObject(raw._extension_data)) return raw
  const found: Record<string, unknown> = {}
  for (const extension of listOf(raw._extension_data._table_extension)) {
    if (!isObject(extension) || typeof extension.name !== 'string') continue
    const name = extension.name.toLowerCase()
    const table = tables.find((known) => known.toLowerCase() === name)
    if (table !== undefined) found[table] = fieldsOf(extension._field)
  }
  return { ...raw, ...found }
}

function fieldsOf(fields: unknown): Raw {
  const named = listOf(fields).flatMap((field) =>
    isObject(field) && typeof field.name === 'string' ? [[field.name.toLowerCase(), field.value] as const] : [],
  )
  return Object.fromEntries(named)
}

/** One object stands where a list of one belongs, `""` and nothing where an empty one does. */
function listOf(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value
  return value === undefined ? [] : [value]
}

const isObject = (value: unknown): value is Raw => typeof value === 'object' && value !== null && !Array.isArray(value)
