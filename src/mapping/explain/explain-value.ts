// Explains a value of any form on one row.
import { splitInverse } from '../check/check-value.ts'
import { typeOf } from '../check/infer.ts'
import { ANY, withVariable } from '../check/scope.ts'
import type { TargetField } from '../check/target.ts'
import type { FieldValue } from '../ports.ts'
import { compileSelection } from '../run/compile-selection.ts'
import { compileValue } from '../run/compile-value.ts'
import { isReference } from '../run/field-value.ts'
import type { InverseTree, ReferenceTree, ValueTree } from '../schema/mapping-tree.ts'
import { flatten } from '../values.ts'
import type { ExplainedReference, ExplainedText } from './explain-data.ts'
import { collectInputs, evaluate, explainFormula, type Inputs, inheritedBy, readFormula } from './explain-formula.ts'
import { firstFailing, operandsOf, verdictsOn } from './explain-lookup.ts'
import { type Standing, shown } from './explain-run.ts'
import { placeOf, textOfValue } from './origins-text.ts'

/** `value` is what the run made of it. */
export function explainValue(tree: ValueTree, value: FieldValue | undefined, standing: Standing): ExplainedText {
  if (tree.kind === 'formula') return { ...explainFormula(tree, standing), value: shown(value) }
  return {
    place: placeOf(tree),
    text: textOfValue(tree),
    value: shown(value),
    ...inheritedIn(tree, standing),
    // Who refers to whom is looked up in the whole collection: once is enough.
    inputs:
      tree.kind === 'inverse'
        ? [explainInverse(tree, value)]
        : collectInputs((inputs) => readValue(tree, standing, inputs)),
  }
}

/** What a form makes of the row, for those that no field of the run holds. */
export function madeOf(tree: ValueTree, field: TargetField | undefined, { scope, machine, frame }: Standing) {
  return compileValue(tree, { scope, machine, field })(frame)
}

/** Of formulas that stand alone or in a list, which are those that layers hand down. */
function inheritedIn(tree: ValueTree, standing: Standing): { inherited?: readonly ExplainedText[] } {
  const items = tree.kind === 'list' ? tree.items : []
  const inherited = items.flatMap((item) =>
    item.kind === 'formula' ? (inheritedBy(item.expression, standing).inherited ?? []) : [],
  )
  return inherited.length > 0 ? { inherited } : {}
}

const SHOWN_MEMBERS = 20

function readValue(tree: ValueTree, standing: Standing, inputs: Inputs): void {
  switch (tree.kind) {
    case 'formula':
      readFormula(tree, standing, inputs)
      return
    case 'list':
      for (const item of tree.items) readValue(item, standing, inputs)
      return
    case 'group':
      for (const { value } of tree.members) readValue(value, standing, inputs)
      return
    case 'ref':
      readReference(tree, standing, inputs)
      return
    case 'inverse':
      inputs.set(textOfValue(tree), explainInverse(tree, madeOf(tree, undefined, standing)))
      return
    case 'each':
      readEach(tree, standing, inputs)
      return
    case 'choose': {
      const holds = tree.cases.findIndex(({ when }) => evaluate(when, standing) === true)
      const asked = holds < 0 ? tree.cases : tree.cases.slice(0, holds + 1)
      for (const { when } of asked) readFormula(when, standing, inputs)
      const chosen = tree.cases[holds]?.value ?? tree.otherwise
      if (chosen) readValue(chosen, standing, inputs)
      return
    }
    case 'constant':
    case 'broken':
      return
    default:
      tree satisfies never
  }
}

function readReference(tree: ReferenceTree, standing: Standing, inputs: Inputs): void {
  const { selection } = tree
  for (const value of operandsOf(selection)) {
    if (value.kind === 'formula') readFormula(value, standing, inputs)
  }
  const { scope, machine, frame } = standing
  const target = machine.rule(selection.target.text)
  const frames = compileSelection(selection, scope, machine, true).all(frame)
  const ids = frames.flatMap((found) => target.sourcedIdOf(found) ?? [])
  const found = tree.many ? ids : ids.slice(0, 1)
  const text = textOfValue(tree)
  inputs.set(text, {
    kind: 'reference',
    target: selection.target.text,
    text,
    found: found.slice(0, SHOWN_MEMBERS),
    foundCount: found.length,
    because: found.length > 0 ? [] : verdictsOn(selection, standing),
  })
}

function explainInverse(tree: InverseTree, made: FieldValue | undefined): ExplainedReference {
  const items: readonly FieldValue[] = Array.isArray(made) ? made : []
  const found = items.flatMap((item) => (isReference(item) ? [item.sourcedId] : []))
  return {
    kind: 'reference',
    target: splitInverse(tree)
      .map(({ field }) => field.text)
      .join(', '),
    text: textOfValue(tree),
    found: found.slice(0, SHOWN_MEMBERS),
    foundCount: found.length,
    because: [],
  }
}

type EachTree = Extract<ValueTree, { kind: 'each' }>

function readEach(tree: EachTree, standing: Standing, inputs: Inputs): void {
  readFormula(tree.list, standing, inputs)
  const type = typeOf(tree.list, standing.scope)
  const scope = withVariable(standing.scope, tree.as.text, type.kind === 'list' ? type.of : ANY)
  const inner: Standing = { ...standing, scope }
  const members = flatten([evaluate(tree.list, standing)])
  for (const [at, member] of members.slice(0, SHOWN_MEMBERS).entries()) {
    standing.frame.slots[scope.slot] = member
    const failing = firstFailing(tree.where, inner)
    const read = failing ? [failing] : [tree.value]
    inputs.set(`item ${at}`, {
      kind: 'item',
      path: tree.as.text,
      value: shown(member),
      result: failing ? null : shown(madeOf(tree.value, undefined, inner)),
      inputs: collectInputs((own) => {
        for (const part of read) readValue(part, inner, own)
      }).filter((input) => !('path' in input && input.path === tree.as.text)),
    })
  }
}
