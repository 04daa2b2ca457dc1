// The formula parser and printer: trees, precedence, spans, every refusal with its offset, and seeded nonsense.
import { describe, expect, it } from 'vitest'
import type { Expression } from '../../src/mapping/formula/expression.ts'
import { MAX_HEIGHT } from '../../src/mapping/formula/expression.ts'
import { MAX_FORMULA_LENGTH, parseFormula } from '../../src/mapping/formula/formula.ts'
import { printFormula } from '../../src/mapping/formula/print-formula.ts'

/** A seeded generator (mulberry32), so that each run tries the same formulas. */
function randomNumbers(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) % below
  }
}

function parsed(text: string): Expression {
  const result = parseFormula(text)
  if (!result.ok) throw new Error(`${text}: ${result.message} at ${result.offset}`)
  return result.expression
}

/** Every operator in parentheses, so that a tree's shape shows. */
function shape(expression: Expression): string {
  switch (expression.kind) {
    case 'text':
      return JSON.stringify(expression.value)
    case 'number':
    case 'boolean':
      return String(expression.value)
    case 'path':
      return expression.names.map(({ name }) => name).join('.')
    case 'call':
      return `${expression.name}(${expression.args.map(shape).join(' ')})`
    case 'list':
      return `[${expression.items.map(shape).join(' ')}]`
    case 'inherited':
      return shape(expression.expression)
    case 'unary':
      return `(${expression.operator} ${shape(expression.operand)})`
    case 'blank':
      return `(${shape(expression.operand)} ${expression.negated ? 'not-blank' : 'blank'})`
    case 'binary':
      return `(${shape(expression.left)} ${expression.operator} ${shape(expression.right)})`
  }
}

describe('parseFormula', () => {
  it.each([
    ['"Ada"', '"Ada"'],
    ['"say ""hi"""', '"say \\"hi\\""'],
    ['"say \\"hi\\""', '"say \\"hi\\""'],
    ['"a\\\\"', '"a\\\\"'],
    ['"a\\n"', '"a\\\\n"'],
    ['""', '""'],
    ['12', '12'],
    ['0.5', '0.5'],
    ['true', 'true'],
    ['false', 'false'],
    ['local_id', 'local_id'],
    ['name.first_name', 'name.first_name'],
    ['row.in.not.blank', 'row.in.not.blank'],
    ['null.x', 'null.x'],
    ['today()', 'today()'],
    ['lower( name . last_name )', 'lower(name.last_name)'],
    ['if(a, "b", [1, 2])', 'if(a "b" [1 2])'],
    ['[]', '[]'],
    ['-3', '(- 3)'],
    ['--a', '(- (- a))'],
    ['a or b and c', '(a or (b and c))'],
    ['not a = b and c', '((not (a = b)) and c)'],
    ['a or not not b', '(a or (not (not b)))'],
    ['a & b = c & d', '((a & b) = (c & d))'],
    ['a & b + 1', '(a & (b + 1))'],
    ['a - b - c', '((a - b) - c)'],
    ['a - (b - c)', '(a - (b - c))'],
    ['a + b * -c / d', '(a + ((b * (- c)) / d))'],
    ['a in b and c != d', '((a in b) and (c != d))'],
    ['a & b is blank', '((a & b) blank)'],
    ['not a is not blank or b', '((not (a not-blank)) or b)'],
    ['(a = b) = (c = d)', '((a = b) = (c = d))'],
    ['(a is blank) is blank', '((a blank) blank)'],
    ['a<=b and a>=1 and a<2 and b>1', '((((a <= b) and (a >= 1)) and (a < 2)) and (b > 1))'],
    ['\n  first(a,\n\t b)\r\n', 'first(a b)'],
  ])('reads %s', (text, expected) => {
    expect(shape(parsed(text))).toBe(expected)
  })

  it('gives each part its place in the text', () => {
    expect(parsed(' first( name.first , -1)')).toEqual({
      kind: 'call',
      name: 'first',
      nameSpan: { start: 1, end: 6 },
      args: [
        {
          kind: 'path',
          names: [
            { name: 'name', span: { start: 8, end: 12 } },
            { name: 'first', span: { start: 13, end: 18 } },
          ],
          span: { start: 8, end: 18 },
        },
        {
          kind: 'unary',
          operator: '-',
          operand: { kind: 'number', value: 1, span: { start: 22, end: 23 } },
          span: { start: 21, end: 23 },
        },
      ],
      span: { start: 1, end: 24 },
    })
    expect(parsed('not (a is not blank)').span).toEqual({ start: 0, end: 19 })
    expect(parsed('["x", ""]').span).toEqual({ start: 0, end: 9 })
    expect(parsed('a is not blank').span).toEqual({ start: 0, end: 14 })
    expect(parsed('(a & b)').span).toEqual({ start: 1, end: 6 })
  })

  const QUOTES = 'A text stands in double quotes: "…".'
  const COMMAS = 'Put texts together with `&`; separate the values of a call with commas.'
  const BLANK = 'Write `is blank` or `is not blank` after a value.'
  const CHAIN = 'Join two comparisons with `and`, or put one in parentheses.'

  it.each<[text: string, offset: number, message: string, hint?: string]>([
    ['', 0, 'the formula is empty', 'Write a value after `=`, or leave the field out.'],
    ['  ', 2, 'the formula is empty', 'Write a value after `=`, or leave the field out.'],
    ['first(a, "b"', 12, 'a `)` is missing: the `(` after `first` is not closed'],
    ['(a or b', 7, 'a `)` is missing: a `(` is not closed'],
    ['today(', 6, 'the formula ends too early: a value is missing after `(`'],
    ['[a, b', 5, 'a `]` is missing: a `[` is not closed'],
    ['a = "b', 4, 'the formula ends too early: `"`', 'This text is not closed. Inside a text, write "" for ".'],
    ['"a\\"', 0, 'the formula ends too early: `"`', 'This text is not closed. Inside a text, write "" for ".'],
    ['a +', 3, 'the formula ends too early: a value is missing after `+`'],
    ['not', 3, 'the formula ends too early: a value is missing after `not`'],
    ['first(a,', 8, 'the formula ends too early: a value is missing after `,`'],
    ['name.', 5, 'the formula ends too early: a name is missing after `.`'],
    ['a is', 4, 'the formula ends too early: `blank`'],
    ['a is not', 8, 'the formula ends too early: `blank`'],
    ['= a', 0, 'a value is missing before `=`', 'A formula begins with one `=`.'],
    ['and b', 0, 'a value is missing before `and`'],
    [')', 0, 'a value is missing before `)`'],
    ['a or and b', 5, 'a value is missing between `or` and `and`'],
    ['first(a,)', 8, 'a value is missing between `,` and `)`'],
    ['a + * b', 4, 'a value is missing between `+` and `*`'],
    ['a.(b)', 2, 'a name is missing before `(`'],
    ['a."b"', 2, 'a name is missing before "b"'],
    ['a == b', 2, '`==` is not part of a formula', 'Use `=`.'],
    ['a <> b', 2, '`<>` is not part of a formula', 'Use `!=`.'],
    ['a =< b', 2, '`=<` is not part of a formula', 'Use `<=`.'],
    ['a => b', 2, '`=>` is not part of a formula', 'Use `>=`.'],
    ['a && b', 2, '`&&` is not part of a formula', 'Use `and`.'],
    ['a || b', 2, '`||` is not part of a formula', 'Use `or`, or `&` to put texts together.'],
    ['a | b', 2, '`|` is not part of a formula', 'Use `or`.'],
    ['!a', 0, '`!` is not part of a formula', 'Use `not`.'],
    ["a = 'b'", 4, "`'` is not part of a formula", QUOTES],
    ['a = “b”', 4, '`“` is not part of a formula', QUOTES],
    ['a = ‘b’', 4, '`‘` is not part of a formula', QUOTES],
    ['a ? b : c', 2, '`?` is not part of a formula', 'Use if(condition, value, other).'],
    ['first(a; b)', 7, '`;` is not part of a formula', 'Separate values with a comma.'],
    ['{a}', 0, '`{` is not part of a formula', 'A list stands in [ ].'],
    ['a\u00a0& b', 1, '`\u00a0` is not part of a formula', 'This is a no-break space: type a plain one.'],
    ['a & $b', 4, '`$` is not part of a formula'],
    ['a & 😀', 4, '`😀` is not part of a formula'],
    ['prénom', 2, '`é` is not part of a formula'],
    ['a % 2', 2, '`%` is not part of a formula'],
    ['5. + 1', 0, '`5.` is not a number', 'Write 5.'],
    ['.5', 0, '`.5` is not a number', 'Write 0.5.'],
    ['12abc', 0, '`12abc` is not a number', 'Write "12abc" if it is a text.'],
    ['a = 007', 4, '`007` is not a number', 'Write "007" if it is a text.'],
    ['1.2.3', 0, '`1.2.3` is not a number', 'Write "1.2.3" if it is a text.'],
    ['1e5', 0, '`1e5` is not a number', 'Write "1e5" if it is a text.'],
    [
      '9007199254740993',
      0,
      'the number `9007199254740993` is out of range',
      'Write it in double quotes if it is a text.',
    ],
    ['0.0000001', 0, 'the number `0.0000001` is out of range', 'Write it in double quotes if it is a text.'],
    ['null', 0, '`null` is not a value', BLANK],
    ['first(a, NULL)', 9, '`NULL` is not a value', BLANK],
    ['a = blank', 4, '`blank` is not a value', BLANK],
    ['a is null', 5, '`is` is followed by `blank`, not by `null`', 'Write `is blank`.'],
    ['a is not null', 9, '`is not` is followed by `blank`, not by `null`', 'Write `is not blank`.'],
    ['a is "b"', 5, '`is` is followed by `blank`, not by "b"', 'To compare, use `=`.'],
    ['a is not 1', 9, '`is not` is followed by `blank`, not by `1`', 'To compare, use `!=`.'],
    ['a < b < c', 6, 'a comparison cannot be compared again: `<`', CHAIN],
    ['a in b is blank', 7, 'a comparison cannot be compared again: `is`', CHAIN],
    ['a is blank = b', 11, 'a comparison cannot be compared again: `=`', CHAIN],
    ['a = not b', 4, '`not` is not expected here', 'Put `not` and its value in parentheses.'],
    ['a not in b', 2, '`not` is not expected here', 'For "not in", write `not a in b`.'],
    ['a AND b', 2, '`AND` is not expected here', 'Operators are written small: `and`.'],
    ['a b', 2, '`b` is not expected here', COMMAS],
    ['first name(a)', 6, '`name` is not expected here', COMMAS],
    ['a "twenty characters or more"', 2, '"twenty characters or…" is not expected here', COMMAS],
    ['[a 1]', 3, '`1` is not expected here; `]` is missing', COMMAS],
    ['(a b)', 3, '`b` is not expected here; `)` is missing', COMMAS],
    ['(a]', 2, '`]` is not expected here; `)` is missing'],
    ['a)', 1, '`)` is not expected here', 'It closes nothing.'],
    ['a, b', 1, '`,` is not expected here', 'Commas separate the values of a call or a list.'],
    ['a.b(c)', 3, '`(` is not expected here', 'Only a single name can be called.'],
    ['today().year', 7, '`.` is not expected here', 'Only a name has parts.'],
    ['rows[0]', 4, '`[` is not expected here', 'There is no index: `first(list)` is the first member.'],
  ])('refuses %j', (text, offset, message, hint) => {
    expect(parseFormula(text)).toEqual({ ok: false, offset, message, ...(hint !== undefined && { hint }) })
  })

  it('bounds nesting', () => {
    expect(parseFormula(`${'('.repeat(63)}a${')'.repeat(63)}`).ok).toBe(true)
    expect(parseFormula('('.repeat(500))).toMatchObject({
      offset: 64,
      message: 'the formula is nested more than 64 deep',
    })
    expect(parseFormula(`${'-'.repeat(500)}1`)).toMatchObject({ message: 'the formula is nested more than 64 deep' })
    expect(parseFormula(`${'not '.repeat(500)}a`)).toMatchObject({ message: 'the formula is nested more than 64 deep' })
  })

  it('bounds length and height, and a chain as long as allowed can be printed', () => {
    const longest = `a${'+a'.repeat(MAX_HEIGHT - 1)}`
    expect(printFormula(parsed(longest)).replaceAll(' ', '')).toBe(longest)
    expect(parseFormula(`${longest}+a`)).toMatchObject({
      message: 'the formula has more than 600 operators in a row',
    })
    expect(parseFormula(' '.repeat(MAX_FORMULA_LENGTH + 1))).toMatchObject({
      offset: MAX_FORMULA_LENGTH,
      message: 'the formula has more than 4000 characters',
    })
  })
})

describe('printFormula', () => {
  it.each([
    ['((a))', 'a'],
    ['( a+b )*c', '(a + b) * c'],
    ['a-(b-c)-d', 'a - (b - c) - d'],
    ['(a or b) and not(c)', '(a or b) and not c'],
    ['(not a) = b', '(not a) = b'],
    ['-(a+1)', '-(a + 1)'],
    ['-(not a)', '-(not a)'],
    ['(a is blank) is not blank', '(a is blank) is not blank'],
    ['(a=b)!=(c in d)', '(a = b) != (c in d)'],
    ['"a\\"b\\\\"', '"a""b\\\\"'],
    ['if( a ,[ 1,0.5 ],true)', 'if(a, [1, 0.5], true)'],
  ])('prints %s in one form', (text, expected) => {
    expect(printFormula(parsed(text))).toBe(expected)
  })

  it('prints any tree so that it reads back as the same tree', () => {
    const random = randomNumbers(8)
    for (let i = 0; i < 3000; i++) {
      const tree = randomTree(random, 4)
      const printed = printFormula(tree)
      if (printed.length <= MAX_FORMULA_LENGTH) expect(shape(parsed(printed))).toBe(shape(tree))
    }
  })
})

const OPERATORS = ['or', 'and', '=', '!=', '<', '<=', '>', '>=', 'in', '&', '+', '-', '*', '/'] as const
const span = { start: 0, end: 0 }

function randomTree(random: (below: number) => number, depth: number): Expression {
  const below = (): Expression => randomTree(random, depth - 1)
  const kind = depth === 0 ? random(4) : random(10)
  if (kind === 0) return { kind: 'text', value: ['', 'a', '"', '\\', '\\"', 'a\\n'][random(6)] ?? '', span }
  if (kind === 1) return { kind: 'number', value: random(100) / 4, span }
  if (kind === 2) return { kind: 'boolean', value: random(2) === 0, span }
  if (kind === 3)
    return {
      kind: 'path',
      names: [
        { name: 'a', span },
        { name: 'or', span },
      ].slice(0, 1 + random(2)),
      span,
    }
  if (kind === 4)
    return { kind: 'call', name: 'first', nameSpan: span, args: [below(), below()].slice(random(3)), span }
  if (kind === 5) return { kind: 'list', items: [below(), below()].slice(random(3)), span }
  if (kind === 6) return { kind: 'unary', operator: random(2) === 0 ? 'not' : '-', operand: below(), span }
  if (kind === 7) return { kind: 'blank', operand: below(), negated: random(2) === 0, span }
  const operator = OPERATORS[random(OPERATORS.length)] ?? '='
  return { kind: 'binary', operator, left: below(), right: below(), span }
}

describe('nonsense', () => {
  const SEEDS = [
    'school_enrollment.enroll_status_code = 0 or (settings.include_preregistered and code = -1)',
    'first(unless(student_username, starts(student_username, "##", "~~")), local_id)',
    'join(" - ", course.course_name, first(external_expression, expression), section_number)',
    'if(count(races) > 0, count(distinct(lower(races.category))) > 1)',
    '"sec" & id & "t" & lead.users_dcid is not blank',
    'sort([active.school_id, 1, 0.5, true, "a""b\\""]) in x.y',
  ]
  const PIECES = [
    '(',
    ')',
    '[',
    ']',
    '"',
    "'",
    '.',
    ',',
    ' ',
    '=',
    '<',
    '!',
    '&',
    '|',
    '-',
    '\\',
    '\u0000',
    'é',
    '\ud800',
  ]
  const WORDS = [
    'not ',
    ' is ',
    ' in ',
    ' and ',
    'blank',
    'null',
    '12',
    '.5',
    '1.',
    '9'.repeat(400),
    '((((((((',
    '😀',
    '__proto__',
  ]

  it('never throws, in bounded time, and points into the text', { timeout: 30_000 }, () => {
    const random = randomNumbers(20_260_302)
    let accepted = 0
    for (let i = 0; i < 20_000; i++) {
      let text = SEEDS[random(SEEDS.length)] ?? ''
      for (let edits = 1 + random(6); edits > 0; edits--) {
        const at = random(text.length + 1)
        const insert = random(2) === 0 ? (PIECES[random(PIECES.length)] ?? '') : (WORDS[random(WORDS.length)] ?? '')
        text = text.slice(0, at) + (random(3) === 0 ? '' : insert) + text.slice(at + random(8))
      }
      const result = parseFormula(text)
      if (result.ok) {
        accepted++
        const printed = printFormula(result.expression)
        expect(printFormula(parsed(printed))).toBe(printed)
      } else if (result.offset < 0 || result.offset > text.length || result.message === '') {
        throw new Error(`${JSON.stringify(text)}: offset ${result.offset}`)
      }
    }
    expect(accepted).toBeGreaterThan(500)
  })

  it('reads hostile texts of full length at once', { timeout: 1000 }, () => {
    for (const piece of [
      '"',
      '\\',
      '(',
      '[',
      '-',
      '.',
      '1',
      '1.',
      'a.',
      'a ',
      '""',
      '\\"',
      ' ',
      '😀',
      'not ',
      'f(',
      'a,',
    ]) {
      const text = piece.repeat(Math.floor(MAX_FORMULA_LENGTH / piece.length))
      expect(() => parseFormula(text)).not.toThrow()
    }
  })
})
