// Writes a resolved filter as an SQL condition on the record `r`.
import type { SqlValue } from '../store/sql.ts'
import type { Predicate } from './filter.ts'
import { commaList, type ResolvedComparison, type ResolvedFilter } from './filter-resolve.ts'
import { allOf, anyOf, type Fragment, fragment } from './fragment.ts'
import { columnSql, type Operand } from './operand.ts'
import { fold, foldedColumn } from './storage.ts'

/**
 * The condition on a record of that table (`records_<table>`), in brackets, with at most two parameters a comparison, or one for each
 * word that is looked for in a list. A missing value fails every predicate but `!=`.
 * On lists `=` asks that all of a comma list are there, `~` that any is, and `!=` is the negation of `=`.
 */
export function filterSql({ anyOf: groups }: ResolvedFilter, table: string): Fragment {
  return anyOf(groups.map((group) => allOf(group.map((comparison) => comparisonSql(table, comparison)))))
}

function comparisonSql(table: string, { operand, predicate, value, oneOf }: ResolvedComparison): Fragment {
  const isSet = oneOf !== undefined && oneOf.length > 1
  switch (operand.kind) {
    case 'column':
      return isSet ? columnInSet(operand, oneOf) : comparedColumn(operand, predicate, value)
    case 'generation':
      return isSet ? fragment(`r.born in ${bornAt(IN_SET)}`, JSON.stringify(oneOf)) : generationSql(predicate, value)
    case 'links':
      return linksSql(`links_${table}`, operand.field, predicate, String(value))
    case 'elements':
      return elementsSql(operand, predicate, String(value))
    case 'metadata':
      return scalarSql("json_extract('{' || r.body, ?)", [metadataPath(operand.key)], predicate, value)
    case 'absent':
      return fragment(predicate === '!=' ? '1' : '0')
    default:
      return operand satisfies never
  }
}

/** The JSON path of one metadata key; the lexer lets no quote into it. */
export function metadataPath(key: string): string {
  return `$.metadata."${key}"`
}

function comparedColumn(
  operand: Extract<Operand, { kind: 'column' }>,
  predicate: Predicate,
  value: string | number,
): Fragment {
  const { name, compare } = operand
  if (compare === 'exact') return scalarSql(columnSql(operand), [], predicate, value)
  const column = `r."${foldedColumn(name)}"`
  const folded = fold(String(value))
  return predicate === '~' ? fragment(`instr(${column}, ?) > 0`, folded) : scalarSql(column, [], predicate, folded)
}

const IN_SET = 'in (select value from json_each(?))'

function columnInSet(operand: Extract<Operand, { kind: 'column' }>, oneOf: readonly (string | number)[]): Fragment {
  const isFolded = operand.compare === 'folded'
  const column = isFolded ? `r."${foldedColumn(operand.name)}"` : columnSql(operand)
  const values = isFolded ? oneOf.map((value) => fold(String(value))) : oneOf
  return fragment(`${column} ${IN_SET}`, JSON.stringify(values))
}

function scalarSql(
  expression: string,
  parameters: readonly SqlValue[],
  predicate: Predicate,
  value: string | number,
): Fragment {
  if (predicate === '~') return fragment(`instr(lower(${expression}), ?) > 0`, ...parameters, lower(String(value)))
  const operator = predicate === '!=' ? 'is not' : predicate
  return fragment(`${expression} ${operator} ?`, ...parameters, value)
}

function bornAt(condition: string): string {
  return `(select number from generations where time_ms ${condition})`
}

/** Generations rise with time, so that each comparison of times is one of `born`, which has an index. */
function generationSql(predicate: Predicate, value: string | number): Fragment {
  const last = (operator: '<' | '<=') =>
    `coalesce((select max(number) from generations where time_ms ${operator} ?), 0)`
  switch (predicate) {
    case '>':
      return fragment(`r.born > ${last('<=')}`, value)
    case '>=':
      return fragment(`r.born > ${last('<')}`, value)
    case '<':
      return fragment(`r.born <= ${last('<')}`, value)
    case '<=':
      return fragment(`r.born <= ${last('<=')}`, value)
    case '=':
      return fragment(`r.born in ${bornAt('= ?')}`, value)
    case '!=':
      return fragment(`r.born not in ${bornAt('= ?')}`, value)
    case '~':
      return fragment(
        `r.born in (select number from generations where instr(lower(time), ?) > 0)`,
        lower(String(value)),
      )
    default:
      return predicate satisfies never
  }
}

/** Ids in a list are compared whole, also by `~`: `sch1` is not a part of `sch10`. */
function linksSql(table: string, field: string, predicate: Predicate, value: string): Fragment {
  const some = (condition: string) =>
    `r.seq in (select l.seq from ${table} l where l.field = '${field}' and l.target ${condition})`
  const items = commaList(value)
  const list = JSON.stringify(items)
  if (predicate === '~') return fragment(some('in (select value from json_each(?))'), list)
  if (predicate !== '=' && predicate !== '!=') return fragment(some(`${predicate} ?`), value)
  const [only, ...others] = items
  const all =
    others.length === 0
      ? fragment(some('= ?'), only ?? '')
      : fragment(
          `not exists (select 1 from json_each(?) w where not exists (select 1 from ${table} l where l.field = '${field}' and l.target = w.value and l.sourcedId = r.sourcedId and l.seq = r.seq))`,
          list,
        )
  return predicate === '=' ? all : not(all)
}

function elementsSql(
  { field, member, compare, text, shortcut }: Extract<Operand, { kind: 'elements' }>,
  predicate: Predicate,
  value: string,
): Fragment {
  if (shortcut?.values.has(value) && (predicate === '=' || predicate === '!=')) {
    return scalarSql(`r."${shortcut.column}"`, [], predicate, value)
  }
  const element = member === undefined ? 'v.value' : `json_extract(v.value, '$.${member}')`
  const some = (condition: string) =>
    `exists (select 1 from json_each('{' || r.${text}, '$.${field}') v where ${condition})`
  // Inside the body only ASCII can be folded: SQLite knows no other letters.
  const [left, right] = compare === 'folded' ? [`lower(${element})`, lower(value)] : [element, value]
  if (predicate === '~') {
    const words = commaList(lower(value))
    const contained = words.map(() => 'instr(w.text, ?) > 0').join(' or ')
    // The limit keeps SQLite from merging the two selects, and so from folding each element anew for each word.
    const folded = `select lower(${element}) as text from json_each('{' || r.${text}, '$.${field}') v limit -1`
    return fragment(`exists (select 1 from (${folded}) w where ${contained})`, ...words)
  }
  if (predicate !== '=' && predicate !== '!=') return fragment(some(`${left} ${predicate} ?`), right)
  const whole = some(`${left} = ?`)
  const items = commaList(right)
  // A subject may itself hold a comma, so the whole value counts too.
  const all =
    items.length === 1
      ? fragment(whole, items[0] ?? right)
      : fragment(
          `(${whole} or not exists (select 1 from json_each(?) w where not ${some(`${left} = w.value`)}))`,
          right,
          JSON.stringify(items),
        )
  return predicate === '=' ? all : not(all)
}

function not({ sql, parameters }: Fragment): Fragment {
  return { sql: `not (${sql})`, parameters }
}

/** What SQLite's lower() does. */
function lower(text: string): string {
  return text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase())
}
