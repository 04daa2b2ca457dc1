// The words by which a consumer is treated apart: its switches and what is withheld from it, as a person writes them.
import { SWITCHES, type Switch, WITHHOLDABLE, type Withheld } from '../store/consumers.ts'
import { nearestWord } from './nearest.ts'

/** What each switch does; the help of the command line prints it. */
export const SWITCH_MEANINGS: Readonly<Record<Switch, string>> = {
  nativeBooleans: 'booleans as true and false instead of "true" and "false"',
  unknownParents404: 'a list below an unknown parent answers 404 instead of an empty list',
  putAlways201: 'a PUT that replaces answers 201 too',
  noOAuth1: 'OAuth 1.0a is refused: access tokens only',
  noHmacSha1: 'OAuth 1.0a signatures with HMAC-SHA1 are refused: HMAC-SHA256 only',
}

export type ChosenWords<Word> =
  | { readonly ok: true; readonly words: readonly Word[] }
  | { readonly ok: false; readonly messages: readonly string[] }

/** Refuses unknown switches, all at once. */
export function chooseSwitches(written: readonly string[]): ChosenWords<Switch> {
  return choose(written, SWITCHES, 'a switch')
}

/** Refuses what cannot be withheld, all at once. */
export function chooseWithheld(written: readonly string[]): ChosenWords<Withheld> {
  return choose(written, WITHHOLDABLE, 'something that can be withheld')
}

/** The known words among the written ones, each once, in the order of the known. Refuses blank words alone. */
function choose<Word extends string>(
  written: readonly string[],
  known: readonly Word[],
  kind: string,
): ChosenWords<Word> {
  const names = written.map((name) => name.trim()).filter((name) => name !== '')
  // An unset variable of a script, most likely: it must not clear what was closed, as an empty list does.
  if (names.length === 0 && written.length > 0) {
    return { ok: false, messages: [`An empty text is not ${kind}. Known are ${known.join(', ')}.`] }
  }
  const messages = names
    .filter((name) => !known.some((word) => word === name))
    .map((name) => {
      const near = nearestWord(
        name.toLowerCase(),
        known.map((word) => word.toLowerCase()),
        4,
      )
      const meant = known.find((word) => word.toLowerCase() === near)
      const help = meant === undefined ? `Known are ${known.join(', ')}.` : `Did you mean \`${meant}\`?`
      return `\`${name.slice(0, 100)}\` is not ${kind}. ${help}`
    })
  if (messages.length > 0) return { ok: false, messages }
  return { ok: true, words: known.filter((word) => names.includes(word)) }
}
