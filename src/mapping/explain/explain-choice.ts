// Of functions that choose among their arguments: those that decide, and the one that was chosen.
import type { Expression } from '../formula/expression.ts'
import { flatten, isBlank, type Value } from '../values.ts'

type Evaluate = (expression: Expression) => Value
type Choose = (args: readonly Expression[], evaluate: Evaluate) => readonly Expression[]

const CHOOSING: Readonly<Record<string, Choose>> = {
  if: ([condition, then, otherwise], evaluate) => {
    if (condition === undefined) return []
    const chosen = evaluate(condition) === true ? then : otherwise
    return chosen ? [condition, chosen] : [condition]
  },
  first: (args, evaluate) => {
    const found = args.findIndex((arg) => flatten([evaluate(arg)]).some((member) => !isBlank(member)))
    return found < 0 ? args : args.slice(0, found + 1)
  },
  switch: ([subject, ...cases], evaluate) => {
    if (subject === undefined) return []
    const keys = cases.filter((_, at) => at % 2 === 0 && at + 1 < cases.length)
    const value = evaluate(subject)
    const chosen = isBlank(value) ? -1 : keys.findIndex((key) => evaluate(key) === value)
    const otherwise = cases.length % 2 === 1 ? cases.at(-1) : undefined
    const result = chosen < 0 ? otherwise : cases[chosen * 2 + 1]
    return [subject, ...(chosen < 0 ? keys : keys.slice(0, chosen + 1)), ...(result ? [result] : [])]
  },
}

/** What the value of a call rests on; of functions that do not choose, all of it. */
export function neededArguments(
  { name, args }: Extract<Expression, { kind: 'call' }>,
  evaluate: Evaluate,
): readonly Expression[] {
  return CHOOSING[name]?.(args, evaluate) ?? args
}
