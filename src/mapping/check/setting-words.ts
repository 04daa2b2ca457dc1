// Settings that say which values they can have, and the formulas that compare them with others.
import type { Expression, Span } from '../formula/expression.ts'
import type { SettingTree } from '../schema/mapping-tree.ts'
import type { Scope } from './scope.ts'
import { listSome, suggest } from './suggest.ts'

export type SettingWord = string | number | boolean

/** What a value, or the members of a list, have that the setting cannot be; none where the setting does not say. */
export function strangeWords({ oneOf }: Pick<SettingTree, 'oneOf'>, value: unknown): unknown[] {
  if (oneOf === undefined) return []
  const words: readonly unknown[] = oneOf
  return (Array.isArray(value) ? value : [value]).filter((word) => !words.includes(word))
}

/** A text in quotes, as it is written in a formula. */
export const describeWord = (word: unknown) => JSON.stringify(word)

/** The likely word, or all of them; a number that is near is no likelier than another. */
export function hintFor(word: unknown, { oneOf = [] }: Pick<SettingTree, 'oneOf'>): string {
  const isText = typeof word === 'string' && typeof oneOf[0] === 'string'
  return isText ? suggest(word, oneOf.map(String)) : ` Known here: ${listSome(oneOf.map(String))}`
}

export interface ImpossibleWord {
  readonly span: Span
  readonly message: string
  /** As a Report takes it. */
  readonly missing: readonly string[]
}

/** The constants that this comparison, or `switch`, holds against a setting that can never be one of them. */
export function impossibleWords(expression: Expression, scope: Scope): readonly ImpossibleWord[] {
  return comparisonsIn(expression).flatMap(({ asked, words }) => {
    const name = settingName(asked, scope)
    const setting = name === undefined ? undefined : scope.tree.settings.get(name)
    if (name === undefined || setting === undefined) return []
    return words.flatMap((word) => {
      if (word.kind !== 'text' && word.kind !== 'number' && word.kind !== 'boolean') return []
      if (strangeWords(setting, word.value).length === 0) return []
      const message = `\`settings.${name}\` is never ${describeWord(word.value)}.${hintFor(word.value, setting)}`
      return { span: word.span, message, missing: [missingWord(name, word.value)] }
    })
  })
}

/** Under which path a layer takes a word from what a setting can be. */
export const missingWord = (name: string, word: unknown) => `settings.${name}.${takenWord(word)}`

export const takenWord = (word: unknown) => `one_of.${String(word)}`

interface Comparison {
  readonly asked: Expression | undefined
  readonly words: readonly Expression[]
}

function comparisonsIn(expression: Expression): readonly Comparison[] {
  if (expression.kind === 'call' && expression.name === 'switch') {
    const [asked, ...rest] = expression.args
    return [{ asked, words: rest.filter((_, index) => index % 2 === 0 && index + 1 < rest.length) }]
  }
  if (expression.kind !== 'binary') return []
  const { operator, left, right } = expression
  if (operator === 'in') {
    return [
      { asked: left, words: right.kind === 'list' ? right.items : [] },
      { asked: right, words: [left] },
    ]
  }
  const isEquality = operator === '=' || operator === '!='
  return isEquality
    ? [
        { asked: left, words: [right] },
        { asked: right, words: [left] },
      ]
    : []
}

/** `mode` of the expression `settings.mode`. */
export function settingName(expression: Expression | undefined, { variables }: Scope): string | undefined {
  if (expression?.kind !== 'path' || expression.names.length !== 2 || variables.has('settings')) return undefined
  const [first, name] = expression.names
  return first?.name === 'settings' ? name?.name : undefined
}
