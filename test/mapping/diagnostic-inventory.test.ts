// Everything that the checker can say to an author is said in a test, word for word.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { plain, type Sentence, sentencesIn } from './sentences.ts'

const SOURCE = join(import.meta.dirname, '../../src/mapping')

/** Files that say nothing about an author's text: documentation, generated schemas, answers to questions. */
const NO_CHECKS = /^(?:explain|editor)\/|^schema\/grammar/

/** Sentences that no author of a mapping is told as a diagnostic, and why. */
const EXCEPTIONS: readonly (readonly [file: RegExp, sentence: RegExp, why: string])[] = [
  [/^diagnostic\.ts$/, /./, 'the meaning of a code, for the documentation'],
  [/^sql\/sql-words\.ts$/, /./, 'lists of words'],
  [
    /^files\/yaml-message\.ts$/,
    /^[A-Z_ ]+$|^Maximum call stack$|^be followed by/,
    'what the parser says, to find its fault by',
  ],
  [/^files\/inherited\.ts$/, /is a map here/, 'told by three cases of overlay-diagnostics, through a constant'],
]

const isNoMessage = ({ before }: Sentence) =>
  /(?:new (?:Range)?Error\(|\b(?:doc|summary|example|meaning):)\s*$/.test(before)

/** The expected texts of the tests, without the quoting that only TypeScript needs. */
const told = readdirSync(import.meta.dirname)
  .filter((name) => name.endsWith('.ts') && !['sentences.ts', 'diagnostic-inventory.test.ts'].includes(name))
  .map((name) => plain(readFileSync(join(import.meta.dirname, name), 'utf8')))
  .join('\n')

const escaped = (text: string) => text.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)

/** What stands between the fixed words is told in the same line. */
const isTold = ({ parts }: Sentence) =>
  new RegExp(parts.map((part) => escaped(part.trim())).join('.{0,200}?')).test(told)

describe('every message of the checker', () => {
  const files = readdirSync(SOURCE, { recursive: true, encoding: 'utf8' }).filter(
    (name) => name.endsWith('.ts') && !NO_CHECKS.test(name),
  )

  it('is expected by a case in a test', () => {
    const missing = files.flatMap((name) =>
      sentencesIn(readFileSync(join(SOURCE, name), 'utf8'))
        .filter((sentence) => !isNoMessage(sentence) && !isTold(sentence))
        .filter(({ parts }) => !EXCEPTIONS.some(([file, said]) => file.test(name) && said.test(parts.join('…'))))
        .map(({ line, parts }) => `${name}:${line}: ${parts.join('…')}`),
    )
    expect(missing).toEqual([])
  })
})
