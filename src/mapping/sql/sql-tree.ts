// What is known of a PowerQuery's SQL once it was read: its select list, its tables, and what each part of the text touches.

/** `s.first_name`, where the alias is a table's or a derived table's. */
export interface SqlColumn {
  readonly alias: string
  readonly column: string
  /** Of the alias, and of the column's name. */
  readonly offset: number
  readonly columnOffset: number
  /** The select in which it stands, and how many of its tables it may name: an `on` sees those before it. */
  readonly select: SqlSelect
  readonly sees: number
}

/** What a piece of the text names: its columns, binds, and the selects inside it. */
export interface SqlPart {
  readonly columns: SqlColumn[]
  readonly binds: SqlBind[]
  /** The selects of derived tables. */
  readonly derived: SqlSelect[]
}

interface SqlBind {
  readonly name: string
  readonly offset: number
}

export interface SqlItem {
  /** Empty where a sub-select needs none. */
  readonly alias: string
  /** From the expression to the end of the alias; `expressionEnd` is where the expression alone ends. */
  readonly start: number
  readonly expressionEnd: number
  readonly end: number
  readonly part: SqlPart
}

export interface SqlTable {
  readonly alias: string
  readonly offset: number
  /** The name of a table of PowerSchool, in capitals; a derived table has its selects instead, joined by `union`. */
  readonly name: string | undefined
  readonly nameOffset: number
  readonly selects: readonly SqlSelect[]
}

export interface SqlSelect {
  /** The select around a sub-select, whose tables it sees; a derived table sees none but its own. */
  readonly parent: SqlSelect | undefined
  readonly tables: SqlTable[]
  readonly items: SqlItem[]
  /** All but the items: from, where, group, order. */
  readonly rest: SqlPart
}

export interface SqlStatement {
  readonly text: string
  readonly select: SqlSelect
  /** The text from `from` on, without the `order by`. */
  readonly from: { readonly start: number; readonly end: number }
  /** The text of the `order by`, these words included, and of its expressions. */
  readonly order: { readonly start: number; readonly end: number; readonly by: readonly string[] }
  /** Of all its selects, in the order of the text. */
  readonly tables: readonly SqlTable[]
  readonly binds: readonly SqlBind[]
}

export const emptyPart = (): SqlPart => ({ columns: [], binds: [], derived: [] })

export const emptySelect = (parent?: SqlSelect): SqlSelect => ({ parent, tables: [], items: [], rest: emptyPart() })

/** The table that an alias names where the column stands. */
export function tableOf({ alias, select, sees }: SqlColumn): SqlTable | undefined {
  const own = select.tables.slice(0, sees).find((table) => table.alias === alias)
  if (own) return own
  for (let outer = select.parent; outer; outer = outer.parent) {
    const found = outer.tables.find((table) => table.alias === alias)
    if (found) return found
  }
  return undefined
}

/** A column of one of PowerSchool's tables and a place where the SQL reads it. */
export interface TouchedAt {
  readonly table: string
  readonly column: string
  readonly offset: number
}

/** Everything that running this part reads, in the order of the text. */
export function touchedBy(part: SqlPart): TouchedAt[] {
  const own = part.columns.flatMap((column) => {
    const name = tableOf(column)?.name
    return name === undefined ? [] : [{ table: name, column: column.column.toUpperCase(), offset: column.offset }]
  })
  const inside = part.derived.flatMap((select) => [
    ...select.items.flatMap(({ part: item }) => touchedBy(item)),
    ...touchedBy(select.rest),
  ])
  return [...own, ...inside].sort((a, b) => a.offset - b.offset)
}

/** `STUDENTS.DOB` for every column that the value of this part is made of, through derived tables. */
export function madeOf(part: SqlPart, known: Map<SqlPart, ReadonlySet<string>> = new Map()): ReadonlySet<string> {
  const before = known.get(part)
  if (before) return before
  const made = new Set(touchedBy(part).map(({ table, column }) => `${table}.${column}`))
  // What is looked at twice was met before: a part never holds itself, so this is for speed alone.
  known.set(part, made)
  for (const column of columnsIn(part)) {
    for (const item of itemsOf(column)) for (const name of madeOf(item.part, known)) made.add(name)
  }
  return made
}

const columnsIn = (part: SqlPart): SqlColumn[] => [
  ...part.columns,
  ...part.derived.flatMap((select) => [
    ...select.items.flatMap((item) => columnsIn(item.part)),
    ...columnsIn(select.rest),
  ]),
]

/** The select items that a column of a derived table stands for, one for each part of its union. */
export function itemsOf(column: SqlColumn): SqlItem[] {
  const selects = tableOf(column)?.selects ?? []
  const index = selects[0]?.items.findIndex(({ alias }) => alias === column.column.toLowerCase()) ?? -1
  return index < 0 ? [] : selects.flatMap((select) => select.items[index] ?? [])
}

/** The names of all binds that a part uses, once each. */
export function bindsOf(part: SqlPart): Set<string> {
  const inside = part.derived.flatMap((select) => [...select.items.map((item) => item.part), select.rest])
  return new Set([...part.binds.map(({ name }) => name), ...inside.flatMap((inner) => [...bindsOf(inner)])])
}
