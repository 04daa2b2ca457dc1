// Makes a row of the function table from its parameters, its result and its body.
import { flatten, isList, type Scalar, type Value } from '../values.ts'
import { parseDate } from './calendar.ts'
import type { FunctionCheck, FunctionContext, FunctionSpec } from './spec.ts'
import { memberType, mismatch, type StaticType, type Takes } from './static-type.ts'

/** The longest text that a formula builds; what would be longer is blank, and reported. */
export const MAX_TEXT_LENGTH = 65_536

export interface Parameter {
  readonly name: string
  readonly takes: Takes
  readonly isOptional?: boolean
  /** The last parameter may come any number of times. */
  readonly isRepeated?: boolean
  /** A list given here runs the function for each member and gives the list of results. One parameter at most. */
  readonly mapsLists?: boolean
}

export type Refusal = { readonly index: number; readonly message: string }

interface Definition {
  readonly name: string
  readonly parameters: readonly Parameter[]
  /** How it is written, where the names of its parameters do not tell it. */
  readonly signature?: string
  readonly doc: string
  /** A call and what it gives, `call → value`; the tests run it. */
  readonly example: string
  /** The result's type, worked out after the arguments have been found to fit. */
  readonly gives: StaticType | ((args: readonly StaticType[]) => StaticType | Refusal)
  /** Looks at constant arguments, after types. */
  readonly refuse?: (literals: readonly (Scalar | undefined)[]) => Refusal | undefined
  readonly run: (args: readonly Value[], context: FunctionContext) => Value
}

export const TEXT: StaticType = { kind: 'text' }
export const INTEGER: StaticType = { kind: 'integer' }
export const NUMBER: StaticType = { kind: 'number' }
export const BOOLEAN: StaticType = { kind: 'boolean' }
export const DATE: StaticType = { kind: 'date' }
export const TEXTS: StaticType = { kind: 'list', of: TEXT }

/** A row of the table, under its name. */
export function define(definition: Definition): readonly [string, FunctionSpec] {
  const { name, parameters, doc, example, run } = definition
  const mapped = parameters.findIndex(({ mapsLists }) => mapsLists)
  const spec: FunctionSpec = {
    signature: definition.signature ?? `${name}(${parameters.map(parameterText).join(', ')})`,
    doc,
    example,
    arity: [
      parameters.filter(({ isOptional }) => !isOptional).length,
      parameters.at(-1)?.isRepeated ? Number.POSITIVE_INFINITY : parameters.length,
    ],
    check: (args, literals) => check(definition, spec, mapped, args, literals ?? []),
    evaluate:
      mapped < 0
        ? run
        : (args, context) => {
            const members = args[mapped]
            return isList(members) ? runForEach(run, args, mapped, members, context) : run(args, context)
          },
  }
  return [name, spec]
}

function parameterText({ name, isOptional, isRepeated }: Parameter): string {
  return `${name}${isOptional && !isRepeated ? '?' : ''}${isRepeated ? '…' : ''}`
}

function runForEach(
  run: Definition['run'],
  args: readonly Value[],
  mapped: number,
  members: readonly Value[],
  context: FunctionContext,
): Value {
  const own = args.slice()
  const results = flatten([members]).map((member) => {
    own[mapped] = member
    return run(own, context)
  })
  return listOf(flatten(results))
}

/** A list as a value: blank when it has no member. */
export function listOf(members: readonly Value[]): Value {
  return members.length === 0 ? undefined : members
}

function check(
  { name, parameters, gives, refuse }: Definition,
  { signature, arity: [least, most] }: FunctionSpec,
  mapped: number,
  args: readonly StaticType[],
  literals: readonly (Scalar | undefined)[],
): FunctionCheck {
  if (args.length < least || args.length > most) {
    const message = `\`${name}\` takes ${countText(least, most)}, here ${args.length === 1 ? 'is' : 'are'} ${args.length}: ${signature}`
    return { ok: false, index: Math.min(args.length, most), message }
  }
  for (const [index, type] of args.entries()) {
    const parameter = parameters[Math.min(index, parameters.length - 1)]
    if (!parameter || isDateLiteral(parameter.takes, literals[index])) continue
    const found = mismatch(parameter.takes, index === mapped ? memberType(type) : type)
    if (found !== undefined) return { ok: false, index, message: `\`${name}\` ${found}` }
  }
  const refusal = refuse?.(literals)
  if (refusal) return { ok: false, ...refusal }
  const result = typeof gives === 'function' ? gives(args) : gives
  if ('message' in result) return { ok: false, ...result }
  const isMapped = args[mapped]?.kind === 'list'
  return { ok: true, type: isMapped ? { kind: 'list', of: memberType(result) } : result }
}

function countText(least: number, most: number): string {
  if (most === 0) return 'no values'
  if (most === Number.POSITIVE_INFINITY) return `at least ${least} ${least === 1 ? 'value' : 'values'}`
  if (least === most) return `${least} ${least === 1 ? 'value' : 'values'}`
  return `${least} ${most - least === 1 ? 'or' : 'to'} ${most} values`
}

/** A constant text in a date's form may stand for a date. */
function isDateLiteral(takes: Takes, literal: Scalar | undefined): boolean {
  return takes === 'date' && typeof literal === 'string' && parseDate(literal) !== undefined
}
