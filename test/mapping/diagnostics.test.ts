// Every diagnostic: what is said, and the line and column at which it is said.
import { describe, expect, it } from 'vitest'
import { checkMapping } from '../../src/mapping/check/check.ts'
import { formatDiagnostic } from '../../src/mapping/diagnostic.ts'
import { CASES, field, rule } from './diagnostic-cases.ts'
import { FORMS } from './diagnostic-forms.ts'
import { SLIPS } from './diagnostic-slips.ts'
import { BASE, check, faults, MODEL } from './support.ts'

describe('a mapping with a fault', () => {
  it.each([...CASES, ...FORMS, ...SLIPS])('points at %s', (_, text, expected) => {
    expect(faults(BASE, text)).toEqual(expected.map((line) => `b.yaml:${line}`))
  })

  it('is not compiled', () => {
    expect(check(BASE, field('username: =nme.first')).mapping).toBeUndefined()
  })

  it('is told whole, in reading order', () => {
    const text = field('username: =nme.first\n        role: pupil\n        score: =name.first')
    expect(check(BASE, text).diagnostics.map(({ line, code }) => `${line} ${code}`)).toEqual([
      '7 name',
      '8 value',
      '9 type',
    ])
  })

  it('is told once when it makes others', () => {
    const text = rule('      with:\n        school: { in: scools, key: =school_id }\n      where: =school.number = 1\n')
    expect(faults(BASE, text)).toEqual(['b.yaml:7:23: name: there is no source `scools`. Did you mean `schools`?'])
  })

  it('refuses a file above 256 KB', () => {
    const found = faults(BASE, `# ${'x'.repeat(256 * 1024)}`)
    expect(found).toEqual(['b.yaml:1:1: yaml: the file has 262146 bytes, at most 262144 are read. Split it.'])
  })

  it('prints the line and a caret', () => {
    const text = field('username: =name.firstname')
    const [found] = check(BASE, text).diagnostics
    expect(found && formatDiagnostic(found, text)).toBe(
      [
        'b.yaml:7:25: path: `students.name` has no `firstname`. Did you mean `first`?',
        '            username: =name.firstname',
        '                            ^',
      ].join('\n'),
    )
  })
})

describe('a mistake in a very long line', () => {
  it('is shown with what stands near it, and the caret below it', () => {
    const text = `${'a, '.repeat(40_000)}HERE${', b'.repeat(40_000)}`
    const column = text.indexOf('HERE') + 1
    const told = formatDiagnostic({ file: 'a.yaml', line: 1, column, code: 'name', message: 'x' }, text)
    const [, line = '', caret = ''] = told.split('\n')
    expect(line.length).toBeLessThan(200)
    expect(line).toMatch(/^ {4}…[a, ]+HERE[, b]+…$/)
    expect(line.slice(caret.indexOf('^'))).toMatch(/^HERE/)
  })

  it('has the caret below it behind tabs too, and at both ends', () => {
    const at = (text: string, column: number) =>
      formatDiagnostic({ file: 'a.yaml', line: 1, column, code: 'name', message: 'x' }, text).split('\n').slice(1)
    expect(at('a:\tb', 4)).toEqual(['    a: b', '       ^'])
    const long = `FIRST${'x'.repeat(1000)}LAST`
    expect(at(long, 1)).toEqual([expect.stringMatching(/^ {4}FIRSTx+…$/), '    ^'])
    const [line = '', caret = ''] = at(long, 1006)
    expect(line.slice(caret.indexOf('^'))).toBe('LAST')
  })
})

describe('rules that wait for each other', () => {
  const ring = `entities:
  users:
    a:
      from: students
      id: ="a" & id
      with: { b: { in: users.b, key: =id } }
    b:
      from: students
      id: ="b" & id
      with: { a: { all: users.a, match: { id: =id } } }
      where: =count(a) = 0
`
  it('are refused with the ring spelt out', () => {
    expect(faults(BASE, ring)).toEqual([
      'b.yaml:10:25: cycle: the scope of `users.a` needs `users.b`, which needs `users.a`. A lookup with `missing: blank` that only optional fields use, or `in:` a source, breaks the ring.',
    ])
  })

  it('are fine when only fields look across', () => {
    expect(faults(BASE, ring.replace('      where: =count(a) = 0\n', ''))).toEqual([])
  })
})

describe('text that is no mapping at all', () => {
  it('never throws', () => {
    let seed = 7
    const random = (below: number) => {
      seed = (seed * 1103515245 + 12345) % 2147483648
      return seed % below
    }
    const pieces = [
      'a:',
      '- ',
      '{',
      '}',
      '[',
      ']',
      '=',
      '"',
      "'",
      '\n',
      '  ',
      ': ',
      '#',
      'entities',
      'sources',
      '&x',
      '*x',
      '|',
      '!',
      '?',
      '=if(',
      ',',
    ]
    for (let round = 0; round < 500; round++) {
      const text = Array.from({ length: 1 + random(40) }, () => pieces[random(pieces.length)]).join('')
      expect(() => checkMapping([{ path: 'x.yaml', text }], MODEL)).not.toThrow()
    }
  })

  it('never throws when a good file loses a piece', () => {
    const rules = field('username: =join(" ", name.first, name.last)').replace('entities:\n', '')
    const good = `${BASE}${rules}`
    for (let start = 0; start < good.length; start += 7) {
      const text = good.slice(0, start) + good.slice(start + 5)
      expect(() => check(text)).not.toThrow()
    }
  })
})
