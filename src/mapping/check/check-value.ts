// Checks a value against the field that it fills: type, one or many, vocabulary, references.

import type { Place, Report } from '../diagnostic.ts'
import type { ScalarNode } from '../files/tree.ts'
import { parseDate } from '../functions/calendar.ts'
import { describeType, memberType, type StaticType } from '../functions/static-type.ts'
import type { ConstantTree, FormulaTree, InverseTree, ValueTree } from '../schema/mapping-tree.ts'
import { candidateType, checkNarrowing, checkSelection, checkTarget, checkWhere } from './check-selection.ts'
import { checkTokens, tokenFault } from './check-vocabulary.ts'
import { inferFormula, typeOf } from './infer.ts'
import { forgottenFormula } from './plain-words.ts'
import { rowsOf, type Scope, stagedType, withVariable } from './scope.ts'
import { suggest } from './suggest.ts'
import type { TargetField } from './target.ts'

interface Slot {
  /** `users.email`, as messages call it. */
  readonly path: string
  /** Undefined for metadata, which takes anything but references. */
  readonly field: TargetField | undefined
  readonly scope: Scope
  readonly report: Report
}

export function checkValue(value: ValueTree, slot: Slot): void {
  const { field, scope, report } = slot
  switch (value.kind) {
    case 'broken':
      return
    case 'constant':
      checkConstant(value, slot)
      return
    case 'formula':
      checkFormula(value, slot)
      return
    case 'list':
      if (isMany(value.place, slot)) for (const item of value.items) checkItem(item, slot)
      return
    case 'group':
      checkGroup(value, slot)
      return
    case 'each': {
      const list = inferFormula(value.list, scope, report)
      if (list.kind !== 'list' && list.kind !== 'any') {
        report(value.list.node.place, 'type', `\`each\` takes a list, this gives ${describeType(list)}`)
      }
      const inner = withVariable(scope, value.as.text, candidateType(list))
      checkVariableName(value.as.text, value.as.place, slot)
      checkWhere(value.where, inner, report)
      if (isMany(value.place, slot)) checkItem(value.value, { ...slot, scope: inner })
      return
    }
    case 'choose':
      checkChoose(value, slot, checkValue)
      return
    case 'ref': {
      const rows = checkSelection(value.selection, scope, report)
      const fits = value.many ? isMany(value.place, slot) : isOne(value.place, slot)
      const { target } = value.selection
      if (rows && !rows.rule) {
        report(target.place, 'ref', `a reference names a rule, such as orgs.school; \`${target.text}\` is a source`)
      } else if (rows?.rule && fits && takesReferences(value.place, slot) && field?.to !== rows.rule.collection) {
        report(
          target.place,
          'ref',
          `\`${slot.path}\` refers to ${field?.to}, but \`${target.text}\` makes ${rows.rule.collection}`,
        )
      }
      return
    }
    case 'inverse':
      if (isMany(value.place, slot) && takesReferences(value.place, slot)) checkInverse(value, slot)
      return
    default:
      value satisfies never
  }
}

type Kind<K extends ValueTree['kind']> = Extract<ValueTree, { kind: K }>

function checkChoose(
  { cases, otherwise }: Kind<'choose'>,
  slot: Slot,
  checkCase: (value: ValueTree, slot: Slot) => void,
): void {
  const { scope, report } = slot
  for (const { when, value } of cases) {
    const type = inferFormula(when, scope, report)
    if (!['boolean', 'any', 'blank'].includes(type.kind)) {
      const hint = type.kind === 'list' ? 'Ask for count( ) > 0.' : 'Compare it with something, or ask `is not blank`.'
      report(when.node.place, 'type', `\`when\` takes boolean, this gives ${describeType(type)}. ${hint}`)
    }
    checkCase(value, slot)
  }
  if (otherwise) checkCase(otherwise, slot)
}

/** A member of a list. The members of what is a list itself become members of the list that it stands in. */
function checkItem(item: ValueTree, slot: Slot): void {
  if (item.kind === 'choose') checkChoose(item, slot, checkItem)
  else checkValue(item, givesMany(item, slot.scope) ? slot : member(slot))
}

function givesMany(value: ValueTree, scope: Scope): boolean {
  if (value.kind === 'formula') return typeOf(value, scope).kind === 'list'
  return ['list', 'each', 'inverse'].includes(value.kind) || (value.kind === 'ref' && value.many)
}

const member = (slot: Slot): Slot => {
  if (!slot.field) return slot
  const { many: _, ...field } = slot.field
  return { ...slot, field }
}

function isMany(place: Place, { field, path, report }: Slot): boolean {
  if (!field || field.many) return true
  report(place, 'type', `\`${path}\` takes one ${field.type}, not a list`)
  return false
}

function isOne(place: Place, { field, path, report }: Slot): boolean {
  if (!field?.many) return true
  report(place, 'type', `\`${path}\` takes a list: write it as an item, \`- …\``)
  return false
}

function takesReferences(place: Place, { field, path, report }: Slot): boolean {
  if (field?.type === 'reference') return true
  const takes = field ? `takes ${field.type}` : 'is metadata and takes plain values'
  report(place, 'type', `\`${path}\` ${takes}, not a reference`)
  return false
}

function checkVariableName(name: string, place: Place, { scope, report }: Slot): void {
  const isTaken =
    ['it', 'rows', 'settings'].includes(name) ||
    scope.variables.has(name) ||
    scope.source.shape.members.has(name) ||
    scope.rule.lookups.some((lookup) => lookup.name === name)
  if (isTaken) report(place, 'name', `\`${name}\` has a meaning here already. Give it another name.`)
}

function checkConstant(value: ConstantTree, slot: Slot): void {
  const { field, path, report } = slot
  const { place, text } = value.node
  const slip = isMeant(value, slot) ? undefined : forgottenFormula(value, slot.scope)
  if (slip !== undefined) report(place, 'value', slip)
  if (slip !== undefined || !field || !isOne(place, slot)) return
  if (field.type === 'reference' || field.type === 'group') {
    report(place, 'type', `\`${path}\` takes a ${field.type}, this is "${text}"`)
  } else if (field.type === 'text') {
    const fault = tokenFault(text, field.vocabulary, path)
    if (fault) report(place, 'value', fault)
  } else if (!CONSTANTS[field.type](value)) {
    report(place, 'type', `\`${path}\` takes ${field.type}, this is "${text}"`)
  }
}

/** Words of the field's vocabulary, and what can be no formula. */
const isMeant = ({ node }: ConstantTree, { field }: Slot) =>
  field !== undefined &&
  (field.type === 'reference' || field.type === 'group' || field.vocabulary?.includes(node.text) === true)

const CONSTANTS: Readonly<Record<'boolean' | 'integer' | 'number' | 'date', (value: ConstantTree) => boolean>> = {
  boolean: ({ value }) => typeof value === 'boolean',
  integer: ({ value }) => Number.isSafeInteger(value),
  number: ({ value }) => typeof value === 'number' && Number.isFinite(value),
  date: ({ node }) => parseDate(node.text) !== undefined,
}

function checkFormula(value: FormulaTree, slot: Slot): void {
  const { field, path, scope, report } = slot
  const { place } = value.node
  const type = inferFormula(value, scope, report)
  if (type.kind === 'any' || type.kind === 'blank') return
  if (field && (field.type === 'reference' || field.type === 'group')) {
    const write = field.type === 'reference' ? '{ ref: …, key: … }' : 'a map of its members'
    report(place, 'type', `\`${path}\` takes a ${field.type}, this gives ${describeType(type)}. Write ${write}.`)
    return
  }
  if (field?.many && type.kind !== 'list') {
    report(place, 'type', `\`${path}\` takes a list, this gives ${describeType(type)}: write it as an item, \`- …\``)
  } else if (field && !field.many && type.kind === 'list') {
    report(place, 'type', `\`${path}\` takes ${field.type}, this gives a list. Wrap it in first( ) or join( ).`)
  } else if (memberType(type).kind === 'row') {
    report(
      place,
      'type',
      `\`${path}\` takes ${field?.type ?? 'a plain value'}, this gives a row: name one of its columns`,
    )
  } else if (field) {
    checkScalar(memberType(type), field, slot, place)
    checkTokens(value, field.vocabulary, path, scope.tree, report)
  }
}

const TAKES: Readonly<Record<'text' | 'integer' | 'number' | 'boolean' | 'date', readonly StaticType['kind'][]>> = {
  text: ['text', 'date'],
  integer: ['integer'],
  number: ['integer', 'number'],
  boolean: ['boolean'],
  date: ['date'],
}

function checkScalar(type: StaticType, field: TargetField, { path, report }: Slot, place: Place): void {
  if (field.type === 'reference' || field.type === 'group') return
  if (type.kind === 'any' || type.kind === 'blank' || TAKES[field.type].includes(type.kind)) return
  const advice = ADVICE[field.type]?.[type.kind]
  report(
    place,
    'type',
    `\`${path}\` takes ${field.type}, this gives ${describeType(type)}.${advice ? ` ${advice}` : ''}`,
  )
}

const ADVICE: Partial<Record<TargetField['type'], Partial<Record<StaticType['kind'], string>>>> = {
  text: { integer: 'Wrap it in text( ).', number: 'Wrap it in text( ).', boolean: 'Wrap it in text( ).' },
  date: { text: 'Wrap it in date( ) with its format.' },
  integer: { text: 'Wrap it in round(number( )).', number: 'Wrap it in round( ).' },
  number: { text: 'Wrap it in number( ).' },
  boolean: { text: 'Compare it with something.', integer: 'Compare it with something.' },
}

function checkGroup(value: Kind<'group'>, slot: Slot): void {
  const { field, path, report } = slot
  if (!isOne(value.place, slot)) return
  if (field && field.type !== 'group') {
    report(value.place, 'type', `\`${path}\` takes ${field.type}, not a map`)
    return
  }
  const known = field?.members
  for (const { name, key, value: part } of value.members) {
    const inner = known && Object.hasOwn(known, name) ? known[name] : undefined
    if (known && !inner) {
      report(key.place, 'key', `\`${path}\` has no \`${name}\`.${suggest(name, Object.keys(known))}`)
    } else checkValue(part, { ...slot, path: `${path}.${name}`, field: inner })
  }
  const has = new Set(value.members.map(({ name }) => name))
  for (const [name, inner] of Object.entries(known ?? {})) {
    if (inner.required && !has.has(name)) report(value.place, 'required', `\`${path}\` needs \`${name}\``)
  }
}

function checkInverse(value: InverseTree, slot: Slot): void {
  const seen = new Set<string>()
  for (const part of splitInverse(value)) {
    const { text, place } = part.field
    if (seen.has(text)) slot.report(place, 'duplicate', `\`${text}\` stands in this \`inverse\` twice`)
    seen.add(text)
    checkInverseField(part, value, slot)
  }
}

/** The rule, and its field that leads here. */
function checkInverseField({ field: at, node, rule, name }: InverseField, value: InverseTree, slot: Slot): void {
  const { scope, report, field, path } = slot
  const rows = checkTarget(node, scope.tree, report)
  if (rows === undefined) return
  const found = rows.rule?.fields.find((candidate) => candidate.name === name)
  if (rows.rule === undefined || found === undefined) {
    const known = rows.rule?.fields.map((candidate) => candidate.name) ?? []
    report(at.place, 'ref', `\`${rule}\` fills no \`${name}\`.${suggest(name, known)}`, [
      `entities.${rule}.fields.${name}`,
    ])
    return
  }
  if (rows.rule.collection !== field?.to) {
    report(at.place, 'ref', `\`${path}\` refers to ${field?.to}, but \`${rule}\` makes ${rows.rule.collection}`)
  }
  const leadsTo = referenced(found.value).map((target) => scope.tree.rules.get(target)?.collection)
  if (!leadsTo.includes(scope.rule.collection)) {
    report(at.place, 'ref', `\`${at.text}\` does not refer to ${scope.rule.collection}, so it has no inverse here`)
  }
  const target = rowsOf(scope.tree, rule)
  if (target) checkNarrowing(value, stagedType(target.source, target.rule), scope, report)
}

interface InverseField {
  readonly field: ScalarNode
  /** The part of it that names the rule. */
  readonly node: ScalarNode
  readonly rule: string
  readonly name: string
}

/** `academicSessions.term.parent`: the rule, and its field. */
export function splitInverse({ fields }: InverseTree): InverseField[] {
  return fields.map((field) => {
    const dot = field.text.lastIndexOf('.')
    const rule = field.text.slice(0, Math.max(dot, 0))
    return { field, node: { ...field, text: rule }, rule, name: field.text.slice(dot + 1) }
  })
}

/** The rules that the references in a value name. */
function referenced(value: ValueTree): string[] {
  switch (value.kind) {
    case 'ref':
      return [value.selection.target.text]
    case 'each':
      return referenced(value.value)
    case 'list':
      return value.items.flatMap(referenced)
    case 'choose':
      return [
        ...value.cases.flatMap((item) => referenced(item.value)),
        ...(value.otherwise ? referenced(value.otherwise) : []),
      ]
    default:
      return []
  }
}
