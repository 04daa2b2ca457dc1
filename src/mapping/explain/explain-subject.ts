// What a person asks to have explained: a record, a row of a rule, or a column; and what is wrong with a name.
import type { CheckedMapping } from '../check/check.ts'
import { columnAt, leafPaths } from '../check/column-paths.ts'
import { suggest } from '../check/suggest.ts'
import { isIdOf } from './explain-find.ts'
import { removedFields } from './history.ts'

export type Subject =
  | { readonly kind: 'record'; readonly collection: string; readonly sourcedId: string }
  | { readonly kind: 'row'; readonly rule: string; readonly key: string }
  | { readonly kind: 'column'; readonly column: string }
  | { readonly kind: 'rows'; readonly source: string; readonly column: string; readonly value: string }
  | { readonly kind: 'counts'; readonly collection: string; readonly rule?: string }

/** One record, or the row that makes it. */
export type RecordSubject = Extract<Subject, { kind: 'record' | 'row' }>

/** What is asked for is not in the mapping; the message names what is. */
export interface SubjectFault {
  readonly fault: string
}

/**
 * `users/stu7`, `users.student/9`, `students.contact_info.email` (also a group or a list), `students.local_id=1007`,
 * `users.student` or `orgs`. A fault for names that the mapping does not have. A name of a source and of a collection is the source.
 */
export function readSubject(text: string, checked: CheckedMapping): Subject | SubjectFault {
  const mark = text.search(/[/=]/)
  if (mark < 0) return readName(text, checked)
  const [name, id] = [text.slice(0, mark), text.slice(mark + 1)]
  if (text[mark] === '=') return readRows(name, id, checked)
  if (id === '') return { fault: `\`${text}\` names no record: write its sourcedId after the \`/\`.` }
  if (name.includes('.')) return readRule(name, id, checked)
  const collections = collectionsOf(checked)
  if (collections.includes(name)) return { kind: 'record', collection: name, sourcedId: id }
  return { fault: `The mapping makes no \`${name}\`.${suggest(name, collections)}` }
}

const collectionsOf = ({ tree }: CheckedMapping) => [
  ...new Set([...tree.seen.keys()].flatMap((path) => COLLECTION.exec(path)?.[1] ?? [])),
]

const COLLECTION = /^entities\.([^.]+)\./

function readRule(rule: string, key: string, { tree }: CheckedMapping): Subject | SubjectFault {
  if (isRule(rule, tree)) return { kind: 'row', rule, key }
  return { fault: `There is no rule \`${rule}\`.${suggest(rule, [...tree.rules.keys()])}` }
}

const isRule = (rule: string, tree: CheckedMapping['tree']) =>
  tree.rules.has(rule) || tree.off.has(rule) || tree.removed.has(`entities.${rule}`)

/** A column, a rule or a collection; else perhaps an id alone. */
function readName(text: string, checked: CheckedMapping): Subject | SubjectFault {
  const { tree, idPrefix } = checked
  const column = readColumn(text, checked)
  if (!('fault' in column)) return column
  const [collection = ''] = text.split('.')
  if (isRule(text, tree)) return { kind: 'counts', collection, rule: text }
  const collections = collectionsOf(checked)
  if (collections.includes(text)) return { kind: 'counts', collection: text }
  if (collections.includes(collection) && !tree.sources.has(collection)) {
    const rules = [...tree.rules.keys()].filter((id) => id.startsWith(`${collection}.`))
    return { fault: `There is no rule \`${text}\`.${suggest(text, rules)}` }
  }
  // A misspelt source is none.
  const likely = /^[^.]*\d/.test(text)
    ? [...tree.rules.values()].find((rule) => isIdOf(text, rule, idPrefix))
    : undefined
  if (likely === undefined) return /^\d/.test(text) ? { fault: numberFault(text, checked) } : column
  return { fault: `A record is named COLLECTION/ID. Did you mean \`${likely.collection}/${text}\`?` }
}

/** A number alone is what a teacher says. */
function numberFault(text: string, { tree }: CheckedMapping): string {
  const example =
    tree.sources.get('students')?.shape.paths.includes('local_id') === true ? 'students.local_id' : undefined
  const how = example === undefined ? 'SOURCE.COLUMN' : `SOURCE.COLUMN=${text}, for example ${example}`
  return `\`${text}\` names no record. Look for it in a column of PowerSchool's rows: ${how}=${text}.`
}

function readRows(name: string, value: string, checked: CheckedMapping): Subject | SubjectFault {
  const read = readColumn(name, checked)
  if ('fault' in read) return read
  const [source = '', ...path] = name.split('.')
  const column = path.join('.')
  const shape = checked.tree.sources.get(source)?.shape
  const leaves = shape ? leafPaths(shape) : []
  if (!leaves.includes(column)) {
    const [first = ''] = leaves.filter((leaf) => column === '' || leaf.startsWith(`${column}.`))
    return { fault: `\`${name}\` has columns of its own. Name one of them: \`${source}.${first}=${value}\`.` }
  }
  if (value.trim() === '') return { fault: `\`${name}=\` names no value: write it after the \`=\`.` }
  return { kind: 'rows', source, column, value }
}

function readColumn(text: string, { tree }: CheckedMapping): Subject | SubjectFault {
  const dot = text.indexOf('.')
  const name = dot < 0 ? text : text.slice(0, dot)
  const source = tree.sources.get(name)
  if (source === undefined) {
    const message = `There is no source \`${name}\`.${suggest(name, [...tree.sources.keys()])}`
    return {
      fault: `${message} Records are named COLLECTION/ID, rows RULE/KEY, columns SOURCE.COLUMN, and rows with a value SOURCE.COLUMN=VALUE.`,
    }
  }
  if (dot < 0) return { kind: 'column', column: name }
  const path = text.slice(dot + 1)
  if (columnAt(source.shape, path) !== undefined) return { kind: 'column', column: text }
  return { fault: `\`${name}\` has no column \`${path}\`.${suggest(path, source.shape.paths)}` }
}

/** What is wrong with the name of a field, or undefined when some rule of the collection fills it. */
export function faultOfField(field: string, collection: string, checked: CheckedMapping): string | undefined {
  const { tree, target } = checked
  const rules = [...tree.rules.values()].filter((rule) => rule.collection === collection)
  const filled = rules.flatMap(({ fields, metadata }) => [
    ...fields.map(({ name }) => name),
    ...metadata.map(({ name }) => `metadata.${name}`),
  ])
  // What a layer took away can be asked for: where it did is the answer.
  if (filled.includes(field) || rules.some((rule) => removedFields(rule, checked).some(({ name }) => name === field))) {
    return undefined
  }
  const known = [...new Set(filled)]
  const isOfModel = Object.hasOwn(target[collection]?.fields ?? {}, field)
  if (isOfModel) return `No rule fills \`${collection}.${field}\`: every record is without it. ${addIt(field)}`
  return `\`${collection}\` has no field \`${field}\`.${suggest(field, known)}`
}

const addIt = (field: string) => `A layer can: \`${field}: =…\` under the \`fields\` of a rule.`
