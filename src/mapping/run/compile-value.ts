// Turns the value of a field into a closure that makes it; undefined is blank.

import { typeOf } from '../check/infer.ts'
import { ANY, type Scope, withVariable } from '../check/scope.ts'
import type { TargetField } from '../check/target.ts'
import type { StaticType } from '../functions/static-type.ts'
import type { FieldValue, RunCode } from '../ports.ts'
import type { ConstantTree, FieldTree, FormulaTree, ReferenceTree, ValueTree } from '../schema/mapping-tree.ts'
import { flatten, isBlank, numberOf, textOf, type Value } from '../values.ts'
import { compileFormula } from './compile-formula.ts'
import { compileInverse } from './compile-inverse.ts'
import { compileOperand, compileSelection } from './compile-selection.ts'
import { listOf, type Make } from './field-value.ts'
import { type Frame, MISSING, OUT_OF_SCOPE } from './frame.ts'
import type { Machine } from './machine.ts'

export interface Making {
  readonly scope: Scope
  readonly machine: Machine
  /** Undefined for metadata. */
  readonly field: TargetField | undefined
}

export function compileValue(value: ValueTree, making: Making): Make {
  switch (value.kind) {
    case 'constant': {
      const constant = constantOf(value, making.field)
      return () => constant
    }
    case 'formula':
      return compilePlain(value, making)
    case 'list': {
      const items = value.items.map((item) => compileValue(item, making))
      return (frame) => listOf(items.map((item) => item(frame)))
    }
    case 'group':
      return compileGroup(value.members, making)
    case 'each': {
      const list = compileFormula(value.list, making.scope, making.machine)
      const type = typeOf(value.list, making.scope)
      const scope = withVariable(making.scope, value.as.text, type.kind === 'list' ? type.of : ANY)
      const where = value.where.map((formula) => compileFormula(formula, scope, making.machine))
      const item = compileValue(value.value, { ...making, scope })
      const { slot } = scope
      return (frame) => {
        const made: (FieldValue | undefined)[] = []
        for (const member of flatten([list(frame)])) {
          frame.slots[slot] = member
          if (where.every((condition) => condition(frame) === true)) made.push(item(frame))
        }
        return listOf(made)
      }
    }
    case 'choose': {
      const cases = value.cases.map(({ when, value: then }) => ({
        when: compileFormula(when, making.scope, making.machine),
        make: compileValue(then, making),
      }))
      const otherwise = value.otherwise && compileValue(value.otherwise, making)
      return (frame) => {
        const chosen = cases.find(({ when }) => when(frame) === true)
        return chosen ? chosen.make(frame) : otherwise?.(frame)
      }
    }
    case 'ref':
      return compileReference(value, making)
    case 'inverse':
      return compileInverse(value, making.scope, making.machine)
    case 'broken':
      throw new Error('a broken value was compiled')
    default:
      return value satisfies never
  }
}

function constantOf({ value, node }: ConstantTree, field: TargetField | undefined): FieldValue | undefined {
  if (node.text === '') return undefined
  if (field?.type === 'text' || field?.type === 'date' || node.quoted) return node.text
  // In metadata `01` and `12345678901234567890` stay what they are: as numbers they would be others.
  return field || typeof value !== 'number' || String(value) === node.text ? value : node.text
}

function compilePlain(formula: FormulaTree, { scope, machine, field }: Making): Make {
  const value = compileFormula(formula, scope, machine)
  const type = typeOf(formula, scope)
  const toFit = fitFor(field, type)
  if (field?.many || type.kind === 'list') {
    return (frame) => listOf(flatten([value(frame)]).map((member) => toFit(member)))
  }
  return (frame) => toFit(value(frame))
}

/** Only what could not be checked (settings of no known type) is fitted to the field's type. */
function fitFor(field: TargetField | undefined, type: StaticType): (value: Value) => FieldValue | undefined {
  const isOpen = type.kind === 'any' || (type.kind === 'list' && type.of.kind === 'any')
  if (!field || !isOpen) return plain
  if (field.type === 'text' || field.type === 'date') return textOf
  if (field.type === 'boolean') return (value) => (typeof value === 'boolean' ? value : undefined)
  return numberOf
}

function plain(value: Value): FieldValue | undefined {
  if (typeof value === 'string') return value === '' ? undefined : value
  return typeof value === 'number' || typeof value === 'boolean' ? value : undefined
}

/** A group vanishes when a required member is blank, or all are. */
function compileGroup(members: readonly FieldTree[], making: Making): Make {
  const makers = members.map(({ name, value }) => {
    const field = making.field?.members?.[name]
    return { name, make: compileValue(value, { ...making, field }), isRequired: field?.required === true }
  })
  return (frame) => {
    const group: Record<string, FieldValue> = {}
    let isEmpty = true
    for (const { name, make, isRequired } of makers) {
      const value = make(frame)
      if (value !== undefined) {
        group[name] = value
        isEmpty = false
      } else if (isRequired) return undefined
    }
    return isEmpty ? undefined : group
  }
}

function compileReference({ many, selection }: ReferenceTree, { scope, machine }: Making): Make {
  const rule = machine.rule(selection.target.text)
  if (many) {
    const finder = compileSelection(selection, scope, machine, true)
    return (frame) => listOf(finder.all(frame).map((found) => rule.referenceOf(found)))
  }
  if (selection.key && selection.where.length === 0) {
    const key = compileOperand(selection.key, undefined, scope, machine)
    return (frame) => {
      const wanted = key(frame)
      return typeof wanted === 'string' || typeof wanted === 'number' ? rule.referenceByKey(wanted) : undefined
    }
  }
  const finder = compileSelection(selection, scope, machine, true)
  return (frame) => {
    const found = finder.one(frame)
    return found === MISSING || found === OUT_OF_SCOPE ? undefined : rule.referenceOf(found)
  }
}

/** Why a required value is blank: a reference whose row is missing or not published says so. */
export function compileReason(value: ValueTree, { scope, machine }: Making): (frame: Frame) => RunCode {
  if (value.kind !== 'ref' || value.many) return () => 'required-blank'
  const finder = compileSelection(value.selection, scope, machine)
  const { key } = value.selection
  const operand = key && compileOperand(key, undefined, scope, machine)
  return (frame) => {
    if (operand && isBlank(operand(frame))) return 'required-blank'
    return finder.one(frame) === OUT_OF_SCOPE ? 'ref-out-of-scope' : 'lookup-missing'
  }
}
