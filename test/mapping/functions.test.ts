// The function table: what each function gives for usual, blank, listed and odd values, and what the checker refuses.
import { describe, expect, it } from 'vitest'
import { createRandom } from '../../fixtures/powerschool/random.ts'
import type { Expression } from '../../src/mapping/formula/expression.ts'
import { parseFormula } from '../../src/mapping/formula/formula.ts'
import type { FunctionContext } from '../../src/mapping/functions/spec.ts'
import type { StaticType } from '../../src/mapping/functions/static-type.ts'
import { FUNCTIONS } from '../../src/mapping/functions.ts'
import { compareValues, flatten, isBlankOrEmpty, isIn, type Scalar, type Value } from '../../src/mapping/values.ts'

const GRADES: Readonly<Record<string, string>> = { '-1': 'PK', '0': 'KG', '1': '01' }
const NAMES = (
  'text lower upper trim join split replace before after left right mid length pad digits alnum proper plain ' +
  'starts ends contains like if first unless switch code number round ' +
  'today add_days add_months days_between date format_date year month count distinct has sort item ' +
  'email with_suffix e164 periods'
).split(' ')

function runContext(): { context: FunctionContext; reports: string[] } {
  const reports: string[] = []
  const lookupCode = (table: string, code: Value) => (table === 'grade' ? GRADES[String(code)] : undefined)
  return { context: { today: '2026-03-02', lookupCode, report: (code) => reports.push(code) }, reports }
}

function specOf(name: string) {
  const spec = FUNCTIONS[name]
  if (!spec) throw new Error(`no function ${name}`)
  return spec
}

/** Calls a function with values and gives its result and its reports. */
function call(name: string, args: readonly Value[]): { value: Value; reports: readonly string[] } {
  const { context, reports } = runContext()
  const before = structuredClone(args)
  const value = specOf(name).evaluate(args, context)
  expect(args).toEqual(before)
  return { value, reports }
}

/** What `like` says, told by trying every length of every `*`. */
function fitsPlainly(text: string, pattern: string): boolean {
  const [first, ...rest] = pattern
  if (first === undefined) return text === ''
  const next = rest.join('')
  if (first === '*') return fitsPlainly(text, next) || (text !== '' && fitsPlainly(text.slice(1), pattern))
  const [character = ''] = text
  const fits = first === '?' ? character !== '' : first === '#' ? /^[0-9]$/.test(character) : first === character
  return fits && fitsPlainly(text.slice(1), next)
}

const blank = undefined
const row = { id: 7 }

describe('evaluate', () => {
  it.each<[name: string, args: Value[], expected: Value]>([
    ['text', [12], '12'],
    ['text', [-0.5], '-0.5'],
    ['text', [true], 'true'],
    ['text', ['x'], 'x'],
    ['text', [null], blank],
    ['text', [''], blank],
    ['text', [Number.NaN], blank],
    ['text', [[1, null, [2]]], ['1', '2']],
    ['text', [row], blank],
    ['lower', ['ÀDA'], 'àda'],
    ['lower', [blank], blank],
    ['lower', [['A', '', 'B']], ['a', 'b']],
    ['lower', [[]], blank],
    ['lower', [7], '7'],
    ['upper', ['f'], 'F'],
    ['upper', [null], blank],
    ['upper', [['a']], ['A']],
    ['upper', [row], blank],
    ['trim', ['  a b\t\n'], 'a b'],
    ['trim', ['   '], blank],
    ['trim', [blank], blank],
    ['trim', [[' a', ' ']], ['a']],
    ['join', ['-', 'a', blank, 2, '', true], 'a-2-true'],
    ['join', ['', 'a', 'b'], 'ab'],
    ['join', [blank, 'a', 'b'], 'ab'],
    ['join', ['-', ['a', ['b', null]], 'c'], 'a-b-c'],
    ['join', ['-', blank, [], ['']], blank],
    ['join', ['-', row, 'a'], 'a'],
    ['join', ['-'], blank],
    ['split', ['a, b,,c', ','], ['a', 'b', 'c']],
    ['split', ['a', ','], ['a']],
    ['split', [' , ', ','], blank],
    ['split', [blank, ','], blank],
    ['split', ['a b', ''], ['a b']],
    ['split', [['a,b', 'c'], ','], ['a', 'b', 'c']],
    ['starts', ['##ada', '##'], true],
    ['starts', ['~~ada', '##', '~~'], true],
    ['starts', ['ada', '##', '~~'], false],
    ['starts', ['ADA', 'a'], false],
    ['starts', [blank, '##'], false],
    ['starts', ['ada', '', null], false],
    ['starts', ['ada', ['x', 'ad']], true],
    ['starts', ['ada', [], ['x']], false],
    ['replace', ['a-b-c', '-', '+'], 'a+b+c'],
    ['replace', ['a-b', '-', ''], 'ab'],
    ['replace', ['a-b', '-', blank], 'ab'],
    ['replace', ['--', '-', ''], blank],
    ['replace', ['a.b', '.', '$&'], 'a$&b'],
    ['replace', ['ab', '', 'x'], 'ab'],
    ['replace', [null, 'a', 'b'], blank],
    ['replace', [['a', 'ba'], 'a', 'c'], ['c', 'bc']],
    ['before', ['a@b@c', '@'], 'a'],
    ['before', ['abc', '@'], blank],
    ['before', ['@abc', '@'], blank],
    ['before', [blank, '@'], blank],
    ['before', ['abc', ''], blank],
    ['before', [['a-1', 'b'], '-'], ['a']],
    ['after', ['a@b@c', '@'], 'b@c'],
    ['after', ['abc', '@'], blank],
    ['after', ['abc@', '@'], blank],
    ['after', [blank, '@'], blank],
    ['after', ['abc', blank], blank],
    ['after', [['a-1', 'b-2'], '-'], ['1', '2']],
    ['left', ['abc', 2], 'ab'],
    ['left', ['abc', 9], 'abc'],
    ['left', ['abc', 0], blank],
    ['left', ['abc', -1], blank],
    ['left', ['abc', blank], blank],
    ['left', [blank, 2], blank],
    ['left', ['😀bc', 1], '😀'],
    ['left', [['abc', 'd'], 2], ['ab', 'd']],
    ['right', ['abc', 2], 'bc'],
    ['right', ['abc', 9], 'abc'],
    ['right', ['abc', 0], blank],
    ['right', ['a😀', 1], '😀'],
    ['right', [null, 2], blank],
    ['right', [['abc', 'd'], 1], ['c', 'd']],
    ['pad', [7, 3], '007'],
    ['pad', ['7', 3, ' '], '  7'],
    ['pad', ['1234', 3], '1234'],
    ['pad', ['x', 4, 'ab'], 'abax'],
    ['pad', ['x', 2, blank], '0x'],
    ['pad', [blank, 3], blank],
    ['pad', [7, blank], blank],
    ['pad', [7, -1], '7'],
    ['pad', [[1, 22], 2], ['01', '22']],
    ['digits', ['(785) 555-0142'], '7855550142'],
    ['digits', ['none'], blank],
    ['digits', ['٣4'], '4'],
    ['digits', [12.5], '125'],
    ['digits', [null], blank],
    ['digits', [['a1', 'b']], ['1']],
    ['alnum', ['KS-01.b_é'], 'KS01b'],
    ['alnum', ['--'], blank],
    ['alnum', [105], '105'],
    ['alnum', [blank], blank],
    ['alnum', [['a-1', '?']], ['a1']],
    ['if', [true, 'a', 'b'], 'a'],
    ['if', [false, 'a', 'b'], 'b'],
    ['if', [false, 'a'], blank],
    ['if', [blank, 'a', 'b'], 'b'],
    ['if', ['true', 'a', 'b'], 'b'],
    ['if', [true, [1, 2]], [1, 2]],
    ['first', [blank, '', null, 'a', 'b'], 'a'],
    ['first', [0, 1], 0],
    ['first', [false], false],
    ['first', [[null, [], [2, 3]], 1], 2],
    ['first', [[row]], row],
    ['first', [blank, []], blank],
    ['unless', ['a', true], blank],
    ['unless', ['a', false], 'a'],
    ['unless', ['a', blank], 'a'],
    ['unless', [blank, false], blank],
    ['unless', [[1], false], [1]],
    ['code', ['grade', 0], 'KG'],
    ['code', ['grade', '-1'], 'PK'],
    ['code', ['grade', 99], blank],
    ['code', ['grade', blank], blank],
    ['code', ['grade', [0, 1, 99]], ['KG', '01']],
    ['code', ['grade', row], blank],
    ['number', ['12'], 12],
    ['number', [' -1.50 '], -1.5],
    ['number', ['+3'], 3],
    ['number', ['007'], 7],
    ['number', [4], 4],
    ['number', ['1e5'], blank],
    ['number', ['0x10'], blank],
    ['number', ['1,000'], blank],
    ['number', ['.5'], blank],
    ['number', ['9'.repeat(400)], blank],
    ['number', [''], blank],
    ['number', [null], blank],
    ['number', [['1', 'x', '2']], [1, 2]],
    ['round', [2.5], 3],
    ['round', [-2.5], -3],
    ['round', [1.005, 2], 1.01],
    ['round', [12.34, 1], 12.3],
    ['round', [-0.2], 0],
    ['round', [5, 2], 5],
    ['round', [1e-7], 0],
    ['round', [1e-7, 7], 1e-7],
    ['round', [1.25e-7, 10], 1.25e-7],
    ['round', [1e21, 2], 1e21],
    ['round', [1234, -2], 1234],
    ['round', [blank], blank],
    ['round', ['2.5'], blank],
    ['round', [[1.4, 1.6]], [1, 2]],
    ['today', [], '2026-03-02'],
    ['add_days', ['2026-12-31', 1], '2027-01-01'],
    ['add_days', ['2024-02-28', 1], '2024-02-29'],
    ['add_days', ['2026-03-01', -1], '2026-02-28'],
    ['add_days', ['2026-03-01', 0], '2026-03-01'],
    ['add_days', ['2026-02-30', 1], blank],
    ['add_days', ['3/1/2026', 1], blank],
    ['add_days', ['9999-12-31', 1], blank],
    ['add_days', ['0100-01-01', -1], blank],
    ['add_days', ['2026-03-01', 1e300], blank],
    ['add_days', ['2026-03-01', blank], blank],
    ['add_days', [null, 1], blank],
    ['add_days', [['2026-03-01', '2026-03-31'], 1], ['2026-03-02', '2026-04-01']],
    ['date', ['03/14/2026', 'MM/DD/YYYY'], '2026-03-14'],
    ['date', ['3/4/2026', 'MM/DD/YYYY'], '2026-03-04'],
    ['date', ['20260314', 'YYYYMMDD'], '2026-03-14'],
    ['date', ['2026314', 'YYYYMMDD'], blank],
    ['date', [' 14.3.2026 ', 'DD.MM.YYYY'], '2026-03-14'],
    ['date', ['2026-02-29', 'YYYY-MM-DD'], blank],
    ['date', ['2024-02-29', 'YYYY-MM-DD'], '2024-02-29'],
    ['date', ['2100-02-29', 'YYYY-MM-DD'], blank],
    ['date', ['2026-13-01', 'YYYY-MM-DD'], blank],
    ['date', ['2026-00-10', 'YYYY-MM-DD'], blank],
    ['date', ['2026-03-14 08:00', 'YYYY-MM-DD'], blank],
    ['date', ['2026-03', 'YYYY-MM-DD'], blank],
    ['date', ['26-03-14', 'YYYY-MM-DD'], blank],
    ['date', ['x', 'MM'], blank],
    ['date', ['', 'YYYY-MM-DD'], blank],
    ['date', ['2026-03-14', blank], blank],
    ['date', [['1/2/2026', 'x'], 'MM/DD/YYYY'], ['2026-01-02']],
    ['year', ['2026-03-14'], 2026],
    ['year', ['2026-3-14'], blank],
    ['year', ['2026-03-1x'], blank],
    ['year', [blank], blank],
    ['year', [['2026-03-14', null]], [2026]],
    ['month', ['2026-03-14'], 3],
    ['month', ['2026-04-31'], blank],
    ['month', [null], blank],
    ['month', [['2026-12-14']], [12]],
    ['count', [[1, 2, 2, null]], 3],
    ['count', [blank], 0],
    ['count', ['a', [row, [row]], ''], 3],
    ['count', [[]], 0],
    ['count', [false, 0], 2],
    ['distinct', [[2, 1, 2], 1, 3], [2, 1, 3]],
    ['distinct', [['a', 'A', 'a']], ['a', 'A']],
    ['distinct', [['1', 1]], ['1', 1]],
    ['distinct', ['a'], ['a']],
    ['distinct', [[null, '']], blank],
    ['distinct', [blank], blank],
    ['has', [['White', 'Asian'], 'ASIAN'], true],
    ['has', [['White'], 'Asian'], false],
    ['has', [['Asian American'], 'Asian'], false],
    ['has', ['Asian', 'asian'], true],
    ['has', [[null, ['Asian']], 'asian'], true],
    ['has', [blank, 'Asian'], false],
    ['has', [['Asian'], blank], false],
    ['has', [[''], ''], false],
    ['sort', [[10, 9, 11]], [9, 10, 11]],
    ['sort', [['b', 'a', 'B'], 'a'], ['B', 'a', 'a', 'b']],
    ['sort', [['\u{1f600}', '\uff5e', 'z']], ['z', '\uff5e', '\u{1f600}']],
    ['sort', [['a', 2, true, 1]], [1, 2, 'a', true]],
    ['sort', ['a'], ['a']],
    ['sort', [[null]], blank],
    ['email', ['ada.li@example.org'], 'ada.li@example.org'],
    ['email', ['  ada@mail.example.org '], 'ada@mail.example.org'],
    ['email', ["o'neil+x@example.org"], "o'neil+x@example.org"],
    ['email', [' '], blank],
    ['email', [null], blank],
    ['email', [['a@b.org', '']], ['a@b.org']],
    ['e164', ['(785) 555-0142', '1'], '+17855550142'],
    ['e164', ['785.555.0142', 1], '+17855550142'],
    ['e164', [7855550142, '1'], '+17855550142'],
    ['e164', ['1-785-555-0142', '1'], '+17855550142'],
    ['e164', ['+44 20 7946 0123', '1'], '+442079460123'],
    ['e164', [' +12345678', '1'], '+12345678'],
    ['e164', ['7855550142', '+1'], '+17855550142'],
    ['e164', ['44 2079460123', '44'], '+442079460123'],
    ['e164', ['', '1'], blank],
    ['e164', [null, '1'], blank],
    ['e164', [['785 555 0142'], '1'], ['+17855550142']],
    ['periods', ['5-6(A-B)'], ['5', '6']],
    ['periods', ['1(A) 3(B)'], ['1', '3']],
    ['periods', ['5-6(A-B) 1(A)'], ['5', '6', '1']],
    ['periods', ['1-3(A) 2-4(B)'], ['1', '2', '3', '4']],
    ['periods', ['3,5(A,C-E)'], ['3', '5']],
    ['periods', ['P1(A-B)'], ['1']],
    ['periods', ['1(A)-3(B)'], ['1', '3']],
    ['periods', ['01(1-5)'], ['1']],
    ['periods', ['2 - 3(A'], ['2', '3']],
    ['periods', ['6-5(A)'], ['6', '5']],
    ['periods', ['1-900(A)'], ['1', '900']],
    ['periods', ['20260314 1(A)'], ['1']],
    ['periods', ['((1)2)3'], ['3']],
    ['periods', [')4('], ['4']],
    ['periods', ['(A)'], blank],
    ['periods', ['HR(A)'], blank],
    ['periods', [blank], blank],
    ['periods', [['1(A)', '2(B)']], ['1', '2']],
    ['mid', ['abcdef', 2, 3], 'bcd'],
    ['mid', ['abcdef', 3], 'cdef'],
    ['mid', ['abc', 1, 9], 'abc'],
    ['mid', ['abc', 3, 1], 'c'],
    ['mid', ['abc', 4, 1], blank],
    ['mid', ['abc', 0, 2], blank],
    ['mid', ['abc', -1, 2], blank],
    ['mid', ['abc', 2, 0], blank],
    ['mid', ['abc', 2, -1], blank],
    ['mid', ['abc', 2, blank], blank],
    ['mid', ['abc', blank, 1], blank],
    ['mid', [blank, 1, 1], blank],
    ['mid', ['a😀b', 2, 1], '😀'],
    ['mid', ['a😀b', 3], 'b'],
    ['mid', [['abc', 'd'], 2], ['bc']],
    ['length', ['abc'], 3],
    ['length', ['a😀'], 2],
    ['length', [blank], 0],
    ['length', [''], 0],
    ['length', [['a', 'bcd', null]], [1, 3]],
    ['proper', ['ADA LI'], 'Ada Li'],
    ['proper', ["o'neil-smith"], "O'Neil-Smith"],
    ['proper', ['D’ANGELO'], 'D’Angelo'],
    ['proper', ["ada's"], "Ada's"],
    ['proper', ["'t hof"], "'t Hof"],
    ['proper', ['élodie ångström'], 'Élodie Ångström'],
    ['proper', ['e\u0301lodie'], 'E\u0301lodie'],
    ['proper', ['ada 2nd'], 'Ada 2nd'],
    ['proper', [blank], blank],
    ['proper', [['a b', '']], ['A B']],
    ['plain', ['Åse Çelik Łuk ß'], 'Ase Celik Luk ss'],
    ['plain', ['Ǿystein Þór Đặng'], 'Oystein Thor Dang'],
    ['plain', ['Straße Œuvre ıſ'], 'Strasse OEuvre is'],
    ['plain', ['e\u0301'], 'e'],
    ['plain', ['abc'], 'abc'],
    ['plain', ['Ада 李 한'], 'Ада 李 한'],
    ['plain', ['Й'], 'Й'],
    ['plain', [blank], blank],
    ['plain', [['É', 'o']], ['E', 'o']],
    ['ends', ['ada@x.org', '@x.org'], true],
    ['ends', ['ada@x.org', '@y.org', '.org'], true],
    ['ends', ['ada', 'DA'], false],
    ['ends', ['ada', ['x', 'da']], true],
    ['ends', [blank, 'a'], false],
    ['ends', ['ada', '', null], false],
    ['contains', ['Summer School', 'mer S'], true],
    ['contains', ['Summer School', 'summer'], false],
    ['contains', ['Summer School', 'x', ['School']], true],
    ['contains', ['ada', '', blank], false],
    ['contains', [blank, 'a'], false],
    ['like', ['S1007', 'S####'], true],
    ['like', ['S10072', 'S####'], false],
    ['like', ['S100x', 'S####'], false],
    ['like', ['S1007', 's####'], false],
    ['like', ['ada.li@x.org', '*@*.org'], true],
    ['like', ['ada.li@x.orgs', '*@*.org'], false],
    ['like', ['abcabd', '*ab?'], true],
    ['like', ['mississippi', 'm*is*p?'], true],
    ['like', ['abc', '***'], true],
    ['like', ['abc', 'a*c*'], true],
    ['like', ['😀b', '?b'], true],
    ['like', ['a.b', 'a.b'], true],
    ['like', ['axb', 'a.b'], false],
    ['like', ['a', 'x', ['b', 'a']], true],
    ['like', ['٣', '#'], false],
    ['like', [blank, '*'], false],
    ['like', ['a', blank], false],
    ['like', ['a'.repeat(300), '?'.repeat(300)], false],
    ['switch', ['b', 'a', 1, 'b', 2], 2],
    ['switch', ['c', 'a', 1, 'b', 2], blank],
    ['switch', ['c', 'a', 1, 'b', 2, 3], 3],
    ['switch', [2, 1, 'one', 2, 'two'], 'two'],
    ['switch', ['2', 2, 'two', 'other'], 'other'],
    ['switch', [blank, '', 'none', 'other'], 'other'],
    ['switch', [true, true, 'yes', 'no'], 'yes'],
    ['switch', ['a', 'a', blank, 'other'], blank],
    ['switch', ['a', 'a', [1, 2]], [1, 2]],
    ['add_months', ['2026-01-31', 1], '2026-02-28'],
    ['add_months', ['2024-01-31', 1], '2024-02-29'],
    ['add_months', ['2026-08-15', 12], '2027-08-15'],
    ['add_months', ['2024-02-29', 12], '2025-02-28'],
    ['add_months', ['2026-01-31', -1], '2025-12-31'],
    ['add_months', ['2026-03-31', -13], '2025-02-28'],
    ['add_months', ['2026-03-31', 0], '2026-03-31'],
    ['add_months', ['9999-12-31', 1], blank],
    ['add_months', ['2026-01-31', 1e300], blank],
    ['add_months', ['2026-02-30', 1], blank],
    ['add_months', ['2026-01-31', blank], blank],
    ['add_months', [['2026-01-31', null], 1], ['2026-02-28']],
    ['days_between', ['2026-02-27', '2026-03-02'], 3],
    ['days_between', ['2026-03-02', '2026-02-27'], -3],
    ['days_between', ['2024-01-01', '2025-01-01'], 366],
    ['days_between', ['2026-03-02', '2026-03-02'], 0],
    ['days_between', ['2026-02-30', '2026-03-02'], blank],
    ['days_between', [blank, '2026-03-02'], blank],
    ['format_date', ['2026-03-04', 'MM/DD/YYYY'], '03/04/2026'],
    ['format_date', ['2026-03-04', 'YYYYMMDD'], '20260304'],
    ['format_date', ['2026-03-04', 'YYYY'], '2026'],
    ['format_date', ['2026-02-30', 'YYYY'], blank],
    ['format_date', [blank, 'YYYY'], blank],
    ['format_date', ['2026-03-04', blank], blank],
    ['format_date', [['2026-03-04', null], 'DD.MM.'], ['04.03.']],
    ['item', [['a', 'b', 'c'], 2], 'b'],
    ['item', [['a', 'b', 'c'], -1], 'c'],
    ['item', [['a', null, ['', 'b']], 2], 'b'],
    ['item', [['a'], 2], blank],
    ['item', [['a'], -2], blank],
    ['item', [['a'], 0], blank],
    ['item', [['a'], 1.5], blank],
    ['item', [['a'], blank], blank],
    ['item', ['a', 1], 'a'],
    ['item', [[row], 1], row],
    ['item', [blank, 1], blank],
    ['with_suffix', ['ada', '@x.org'], 'ada@x.org'],
    ['with_suffix', ['ada@x.org', '@x.org'], 'ada@x.org'],
    ['with_suffix', ['ada@y.org', '@x.org'], 'ada@y.org'],
    ['with_suffix', ['ada@y.org', '-s'], 'ada@y.org-s'],
    ['with_suffix', ['ada-s', '-s'], 'ada-s'],
    ['with_suffix', [1007, '@x.org'], '1007@x.org'],
    ['with_suffix', ['ada', ''], 'ada'],
    ['with_suffix', ['ada', blank], 'ada'],
    ['with_suffix', [blank, '@x.org'], blank],
    ['with_suffix', ['', '@x.org'], blank],
    ['with_suffix', [['a', null, 'b@y'], '@x'], ['a@x', 'b@y']],
  ])('%s%j gives %j', (name, args, expected) => {
    expect(call(name, args)).toEqual({ value: expected, reports: [] })
  })

  it.each<[name: string, args: Value[]]>([
    ['email', ['ada']],
    ['email', ['ada@example']],
    ['email', ['@example.org']],
    ['email', ['ada@']],
    ['email', ['ada@.org']],
    ['email', ['ada@example.']],
    ['email', ['ada@a..org']],
    ['email', ['ada li@example.org']],
    ['email', ['ada@example.org; bo@example.org']],
    ['email', ['ada@@example.org']],
    ['e164', ['555-0142', '1']],
    ['e164', ['2 785 555 0142', '1']],
    ['e164', ['785 555 0142 x12', '1']],
    ['e164', ['none', '1']],
    ['e164', ['+1234567', '1']],
    ['e164', ['+1234567890123456', '1']],
    ['e164', ['7855550142', blank]],
    ['replace', ['a'.repeat(1000), 'a', 'b'.repeat(1000)]],
    ['join', ['b'.repeat(1000), Array(1000).fill('a')]],
    ['pad', ['a', 1e9]],
    ['with_suffix', ['a'.repeat(65_536), 'b']],
  ])('%s%j is blank and reported', (name, args) => {
    expect(call(name, args)).toEqual({ value: undefined, reports: ['value-unusable'] })
  })

  it('reports each member of a list by itself', () => {
    expect(call('email', [['a@b.org', 'x', '', 'y']])).toEqual({
      value: ['a@b.org'],
      reports: ['value-unusable', 'value-unusable'],
    })
  })

  it('asks a code table with the code as text', () => {
    const asked: unknown[] = []
    const lookupCode = (table: string, code: Value) => {
      asked.push([table, code])
      return code
    }
    const { context } = runContext()
    expect(specOf('code').evaluate(['grade', -2], { ...context, lookupCode })).toBe('-2')
    expect(asked).toEqual([['grade', '-2']])
  })

  it('tells likeness in bounded time, however the pattern is made', () => {
    const text = `${'a'.repeat(65_535)}b`
    expect(call('like', [text, `${'*a'.repeat(127)}c`]).value).toBe(false)
    expect(call('like', [text, `${'*a'.repeat(126)}*b`]).value).toBe(true)
  })

  it('tells likeness as a plain search through all ways of reading the pattern does', () => {
    const random = createRandom(11)
    const draw = (letters: string, most: number) =>
      Array.from({ length: random.int(0, most) }, () => random.pick([...letters])).join('')
    let fitting = 0
    for (let round = 0; round < 3000; round++) {
      const [text, pattern] = [draw('ab1', 6) || 'a', draw('ab*?#', 5) || '*']
      const expected = fitsPlainly(text, pattern)
      if (expected) fitting++
      expect(call('like', [text, pattern]).value, `${text} like ${pattern}`).toBe(expected)
    }
    expect(fitting).toBeGreaterThan(300)
  })

  it('never throws, whatever it is given', () => {
    const odd: Value[] = [
      blank,
      null,
      '',
      'x',
      '2026-03-02',
      '\ud800',
      0,
      -1,
      1e308,
      Number.NaN,
      true,
      [],
      [[]],
      [null, 'a', [1]],
      row,
    ]
    const { context } = runContext()
    for (const name of NAMES) {
      const { evaluate } = specOf(name)
      expect(() => evaluate([], context)).not.toThrow()
      for (const a of odd) {
        for (const b of odd) for (const c of odd) expect(() => evaluate([a, b, c], context)).not.toThrow()
      }
    }
  })
})

const text: StaticType = { kind: 'text' }
const integer: StaticType = { kind: 'integer' }
const number: StaticType = { kind: 'number' }
const boolean: StaticType = { kind: 'boolean' }
const date: StaticType = { kind: 'date' }
const any: StaticType = { kind: 'any' }
const none: StaticType = { kind: 'blank' }
const rowType: StaticType = { kind: 'row', shape: 'students' }
const listOf = (of: StaticType): StaticType => ({ kind: 'list', of })

describe('check', () => {
  it.each<[name: string, args: StaticType[], expected: StaticType, literals?: (Scalar | undefined)[]]>([
    ['text', [integer], text],
    ['text', [listOf(date)], listOf(text)],
    ['lower', [text], text],
    ['lower', [date], text],
    ['lower', [any], text],
    ['lower', [none], text],
    ['lower', [listOf(text)], listOf(text)],
    ['join', [text, integer, listOf(listOf(text)), boolean], text],
    ['split', [text, text], listOf(text)],
    ['split', [listOf(text), text], listOf(text)],
    ['starts', [text, text, listOf(text)], boolean],
    ['pad', [integer, integer], text],
    ['pad', [text, integer, text], text, [undefined, 255]],
    ['if', [boolean, text], text],
    ['if', [boolean, integer, number], number],
    ['if', [boolean, date, text], text],
    ['if', [boolean, none, listOf(text)], listOf(text)],
    ['if', [boolean, rowType, rowType], rowType],
    ['if', [boolean, any, text], any],
    ['first', [text, listOf(text), none], text],
    ['first', [listOf(rowType)], rowType],
    ['first', [date, date], date],
    ['unless', [listOf(integer), boolean], listOf(integer)],
    ['code', [text, integer], text, ['grade']],
    ['code', [text, listOf(text)], listOf(text), ['grade']],
    ['number', [text], number],
    ['round', [number], integer],
    ['round', [number, integer], number],
    ['round', [listOf(number)], listOf(integer)],
    ['today', [], date],
    ['add_days', [date, integer], date],
    ['add_days', [text, integer], date, ['2026-03-01', 1]],
    ['date', [text, text], date, [undefined, 'DD.MM.YYYY']],
    ['date', [text, text], date, [undefined, 'YYYY-MM-DDT']],
    ['date', [text, text], date],
    ['year', [date], integer],
    ['month', [any], integer],
    ['count', [listOf(rowType)], integer],
    ['count', [text, integer], integer],
    ['distinct', [listOf(integer), integer], listOf(integer)],
    ['distinct', [listOf(none)], listOf(none)],
    ['sort', [listOf(listOf(date))], listOf(date)],
    ['sort', [integer, number], listOf(number)],
    ['has', [listOf(text), text], boolean],
    ['email', [text], text],
    ['e164', [text, integer], text],
    ['periods', [text], listOf(text)],
    ['mid', [listOf(text), integer], listOf(text)],
    ['mid', [text, integer, integer], text],
    ['length', [text], integer],
    ['like', [text, text, listOf(text)], boolean],
    ['switch', [text, text, integer], integer, [undefined, 'a']],
    ['switch', [text, text, integer, text, number, integer], number, [undefined, 'a', 1, 'b']],
    ['switch', [integer, number, text], text],
    ['switch', [any, text, listOf(text), none], listOf(text)],
    ['switch', [text, text, text, text, text, text], text, [undefined, 'a', 'x', 'b', 'x', 'a']],
    ['add_months', [text, integer], date, ['2026-01-31', 1]],
    ['days_between', [date, text], integer, [undefined, '2026-01-31']],
    ['format_date', [date, text], text, [undefined, 'MM/DD']],
    ['format_date', [listOf(date), text], listOf(text)],
    ['item', [listOf(listOf(date)), integer], date],
    ['item', [listOf(rowType), integer], rowType],
    ['item', [text, integer], text],
    ['with_suffix', [integer, text], text],
    ['with_suffix', [listOf(text), text], listOf(text)],
  ])('%s%j has type %j', (name, args, type, literals) => {
    expect(specOf(name).check(args, literals)).toEqual({ ok: true, type })
  })

  it.each<[name: string, args: StaticType[], index: number, message: string, literals?: (Scalar | undefined)[]]>([
    ['lower', [integer], 0, '`lower` takes text, this gives integer. Wrap it in text( ).'],
    ['lower', [listOf(integer)], 0, '`lower` takes text, this gives integer. Wrap it in text( ).'],
    ['lower', [rowType], 0, '`lower` takes text, this gives row. Name one of its columns.'],
    ['starts', [listOf(text), text], 0, '`starts` takes text, this gives list of text. Wrap it in first( ).'],
    ['starts', [text, text, integer], 2, '`starts` takes a list of texts, this gives integer. Wrap it in text( ).'],
    ['join', [integer, text], 0, '`join` takes text, this gives integer. Wrap it in text( ).'],
    [
      'join',
      [text, listOf(rowType)],
      1,
      '`join` takes texts, numbers or lists of them, this gives list of row. Name one of its columns.',
    ],
    ['digits', [boolean], 0, '`digits` takes text or number, this gives boolean. Wrap it in text( ).'],
    ['left', [text, number], 1, '`left` takes integer, this gives number. Wrap it in round( ).'],
    ['left', [text, text], 1, '`left` takes integer, this gives text. Wrap it in round(number( )).'],
    ['round', [text], 0, '`round` takes number, this gives text. Wrap it in number( ).'],
    ['round', [date], 0, '`round` takes number, this gives date.'],
    ['year', [text], 0, '`year` takes date, this gives text. Wrap it in date( ) with its format.'],
    ['year', [text], 0, '`year` takes date, this gives text. Wrap it in date( ) with its format.', ['2026-02-30']],
    ['if', [text, text], 0, '`if` takes boolean, this gives text. Compare it with something.'],
    ['if', [listOf(text), text], 0, '`if` takes boolean, this gives list of text. Ask for `count( ) > 0`.'],
    ['if', [boolean, text, integer], 2, '`if` gives one type: this is integer, what stands before it text.'],
    ['if', [boolean, text, listOf(text)], 2, '`if` gives one type: this is list of text, what stands before it text.'],
    ['first', [text, none, integer], 2, '`first` gives one type: this is integer, what stands before it text.'],
    ['sort', [text, integer], 1, '`sort` takes values of one type: this is integer, what stands before it text.'],
    ['code', [text, integer], 0, '`code` takes the name of a table in quotes.', [undefined, 1]],
    ['pad', [text, integer], 1, '`pad` fills up to 255 characters, not 300.', [undefined, 300]],
    ['date', [text, text], 1, 'A date format has YYYY, MM and DD once each, not "MM/DD/YY".', [undefined, 'MM/DD/YY']],
    [
      'date',
      [text, text],
      1,
      'A date format has YYYY, MM and DD once each, not "DD-MMM-YYYY".',
      [undefined, 'DD-MMM-YYYY'],
    ],
    [
      'mid',
      [text, integer],
      1,
      '`mid` counts characters from 1, there is none at 0. `right` takes the last ones.',
      [undefined, 0],
    ],
    [
      'item',
      [listOf(text), integer],
      1,
      '`item` counts from 1, and from -1 backwards; there is no place 0.',
      [undefined, 0],
    ],
    ['item', [listOf(text)], 1, '`item` takes 2 values, here is 1: item(list, place)'],
    ['like', [text, text], 1, '`like` takes patterns of 255 characters at most.', [undefined, '*'.repeat(256)]],
    [
      'switch',
      [text, text, text, text, text],
      3,
      '`switch` has the key "a" already; the first one counts.',
      [undefined, 'a', 'x', 'a', 'y'],
    ],
    ['switch', [integer, text, text], 1, "an integer can't be compared with a text. Wrap one in text( ) or number( )."],
    [
      'switch',
      [text, text, text, integer, text],
      3,
      "a text can't be compared with an integer. Wrap one in text( ) or number( ).",
    ],
    [
      'switch',
      [listOf(text), text, text],
      1,
      '`switch` compares single values, a list is searched with `in` or has( )',
    ],
    [
      'switch',
      [text, text, integer, text, text],
      4,
      '`switch` gives one type: this is text, what stands before it integer.',
    ],
    ['switch', [text, text, integer, text], 3, '`switch` gives one type: this is text, what stands before it integer.'],
    [
      'switch',
      [date, text, text],
      1,
      "a date can't be compared with a text. Wrap the text in date( ) with its format.",
    ],
    [
      'switch',
      [text, date, text],
      1,
      "a text can't be compared with a date. Wrap the text in date( ) with its format.",
    ],
    ['switch', [rowType, text, text], 1, '`switch` compares single values, this is a row: name one of its columns'],
    ['switch', [text, text], 2, '`switch` takes at least 3 values, here are 2: switch(value, key, result, …, other?)'],
    [
      'format_date',
      [date, text],
      1,
      'A date is written with YYYY, MM and DD, each once at most, not "D MMMM".',
      [undefined, 'D MMMM'],
    ],
    [
      'format_date',
      [date, text],
      1,
      'A date is written with YYYY, MM and DD, each once at most, not "-".',
      [undefined, '-'],
    ],
    [
      'days_between',
      [date, text],
      1,
      '`days_between` takes date, this gives text. Wrap it in date( ) with its format.',
    ],
    ['with_suffix', [boolean, text], 0, '`with_suffix` takes text or number, this gives boolean. Wrap it in text( ).'],
    ['lower', [], 0, '`lower` takes 1 value, here are 0: lower(text)'],
    ['lower', [text, text], 1, '`lower` takes 1 value, here are 2: lower(text)'],
    ['today', [text], 0, '`today` takes no values, here is 1: today()'],
    ['if', [boolean], 1, '`if` takes 2 or 3 values, here is 1: if(condition, value, other?)'],
    ['join', [text], 1, '`join` takes at least 2 values, here is 1: join(separator, values…)'],
    ['first', [], 0, '`first` takes at least 1 value, here are 0: first(values…)'],
  ])('%s%j is refused at %i', (name, args, index, message, literals) => {
    expect(specOf(name).check(args, literals)).toEqual({ ok: false, index, message })
  })
})

/** Just enough of an engine to run the examples of the table. */
function evaluate(expression: Expression, context: FunctionContext): Value {
  const { kind } = expression
  if (kind === 'text' || kind === 'number' || kind === 'boolean') return expression.value
  if (kind === 'list') return expression.items.map((item) => evaluate(item, context))
  if (kind === 'call') {
    const args = expression.args.map((arg) => evaluate(arg, context))
    return specOf(expression.name).evaluate(args, context)
  }
  if (kind === 'binary' && expression.operator === '>') {
    return (compareValues(evaluate(expression.left, context), evaluate(expression.right, context)) ?? 0) > 0
  }
  throw new Error(`examples are kept simpler than ${kind}`)
}

function parsed(text: string): Expression {
  const result = parseFormula(text)
  if (!result.ok) throw new Error(`${text}: ${result.message}`)
  return result.expression
}

describe('the table', () => {
  it('holds each function of the language and no other name', () => {
    expect(Object.keys(FUNCTIONS)).toEqual(NAMES)
    for (const name of ['constructor', '__proto__', 'toString']) expect(FUNCTIONS[name]).toBeUndefined()
  })

  it.each(NAMES)('%s gives what its example says, and says what it is', (name) => {
    const { example, doc, signature } = specOf(name)
    const [formula = '', result = ''] = example.split(' → ')
    const { context } = runContext()
    expect(evaluate(parsed(formula), context)).toEqual(
      result === 'blank' ? undefined : evaluate(parsed(result), context),
    )
    expect(signature.startsWith(`${name}(`)).toBe(true)
    expect(doc).toMatch(/^[A-Z].+\.$/)
  })
})

describe('values', () => {
  it('compares values of one type only, and blanks with nothing', () => {
    expect(compareValues(2, 10)).toBeLessThan(0)
    expect(compareValues('b', 'a')).toBeGreaterThan(0)
    expect(compareValues('a', 'ab')).toBeLessThan(0)
    expect(compareValues(true, false)).toBeGreaterThan(0)
    expect(compareValues('a', 'a')).toBe(0)
    for (const [a, b] of [
      ['1', 1],
      [1, '1'],
      [true, 1],
      [null, null],
      ['', ''],
      [undefined, 1],
      [[1], [1]],
    ] as const) {
      expect(compareValues(a, b)).toBeUndefined()
    }
  })

  it('finds a value in a list, in a nested list and in one value', () => {
    expect(isIn(2, [1, 2])).toBe(true)
    expect(isIn(2, [1, [2]])).toBe(true)
    expect(isIn(2, 2)).toBe(true)
    expect(isIn('2', [2])).toBe(false)
    expect(isIn(null, [null])).toBe(false)
    expect(isIn('', [''])).toBe(false)
    expect(isIn(1, undefined)).toBe(false)
  })

  it('opens lists in lists and drops blanks', () => {
    expect(flatten([1, [null, [2, ''], []], undefined, row])).toEqual([1, 2, row])
    expect(isBlankOrEmpty([null, ['']])).toBe(true)
    expect(isBlankOrEmpty([0])).toBe(false)
    expect(isBlankOrEmpty('')).toBe(true)
  })
})
