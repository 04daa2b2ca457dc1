// Turns the route of a path into a closure over the frame.

import type { Route, Scope, Start, Step } from '../check/scope.ts'
import type { Value } from '../values.ts'
import type { Evaluate, Frame } from './frame.ts'
import type { Machine } from './machine.ts'

type Take = (from: unknown) => unknown

export function compileRoute(route: Route, scope: Scope, machine: Machine): Evaluate {
  const { start, steps } = route
  const [first, ...rest] = steps
  if (start.kind === 'row' && first?.kind === 'cell') {
    const { slot } = first
    return followed((frame) => frame.row[slot], rest, machine)
  }
  return followed(compileStart(start, scope, machine), steps, machine)
}

function compileStart(start: Start, scope: Scope, machine: Machine): Evaluate {
  switch (start.kind) {
    case 'row':
      return (frame) => frame
    case 'rows':
      return (frame) => frame.group
    case 'setting': {
      const value = machine.settings[start.name]
      return () => value
    }
    case 'variable': {
      const { slot } = start
      // A variable holds what a list gave, which are values.
      return (frame) => frame.slots[slot] as Value
    }
    case 'lookup': {
      const { index } = start
      const rule = machine.rule(scope.rule.id)
      return (frame) => rule.lookUp(index, frame)
    }
    default:
      return start satisfies never
  }
}

function followed(start: Evaluate, steps: readonly Step[], machine: Machine): Evaluate {
  const [first, second, ...more] = steps.map((step) => compileStep(step, machine))
  if (first === undefined) return start
  if (second === undefined) return (frame) => first(start(frame)) as Value
  if (more.length === 0) return (frame) => second(first(start(frame))) as Value
  return (frame) => {
    let value = second(first(start(frame)))
    for (const take of more) value = take(value)
    return value as Value
  }
}

function compileStep(step: Step, machine: Machine): Take {
  const one = compileTake(step, machine)
  return step.many ? (from) => takeFromEach(from, one) : (from) => (isNothing(from) ? undefined : one(from))
}

const isNothing = (value: unknown) => value === undefined || value === null

/** The steps come from the checker: what they are applied to is a row or an object, or blank. */
function compileTake(step: Step, machine: Machine): Take {
  switch (step.kind) {
    case 'cell': {
      const { slot } = step
      return (from) => (from as Frame).row[slot]
    }
    case 'member': {
      const [name, ...more] = step.names
      if (name !== undefined && more.length === 0) return (from) => (from as Record<string, unknown>)[name]
      return (from) =>
        step.names.reduce<unknown>((part, name) => (part as Record<string, unknown> | null)?.[name], from)
    }
    case 'lookup': {
      const { index } = step
      const rule = machine.rule(step.rule.id)
      return (from) => rule.lookUp(index, from as Frame)
    }
    default:
      return step satisfies never
  }
}

function takeFromEach(from: unknown, one: Take): unknown {
  if (!Array.isArray(from)) return isNothing(from) ? undefined : takeFromEach([from], one)
  const taken: unknown[] = []
  for (const member of from) {
    const part = one(member)
    if (Array.isArray(part)) taken.push(...part)
    else if (!isNothing(part)) taken.push(part)
  }
  return taken
}
