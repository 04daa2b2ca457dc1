// Lists of accounts in the forms in which directories and their tools export them.
import { describe, expect, it } from 'vitest'
import { readIdentities } from '../../src/cli/identities.ts'

const upn = (...values: string[]) => ({ name: 'userPrincipalName', values })

describe('a list of accounts', () => {
  it.each([
    [
      'one a line',
      'ada@example.org\n\nbo@example.org\n',
      [{ name: 'identity', values: ['ada@example.org', 'bo@example.org'] }],
    ],
    [
      'CSV with a byte order mark',
      '\ufeffuserPrincipalName;name\r\nada@example.org;"Li; Ada"\r\n',
      [upn('ada@example.org')],
    ],
    ['CSV with tabs', 'name\tuserPrincipalName\nAda\tada@example.org\n', [upn('ada@example.org')]],
    ['headings with blanks', 'Display name,User principal name\nAda,ada@example.org\n', [upn('ada@example.org')]],
    ['a heading alone', 'User principal name\nada@example.org\n', [upn('ada@example.org')]],
    [
      'what PowerShell writes first',
      '#TYPE Selected.User\r\n"Name","Mail"\r\n"Ada","ada@example.org"\r\n',
      [{ name: 'mail', values: ['ada@example.org'] }],
    ],
  ])('%s', (_, text, columns) => {
    expect(readIdentities(text, 'accounts.csv')).toEqual(columns)
  })

  it.each([
    ['SMTP:ada@example.org;smtp:a+li@example.org', ['ada@example.org', 'a+li@example.org']],
    ['SMTP:ada@example.org+smtp:li@example.org', ['ada@example.org', 'li@example.org']],
    ['"[""SMTP:ada@example.org"",""sip:ada@example.org""]"', ['ada@example.org']],
    ['ada@example.org', ['ada@example.org']],
  ])('addresses of proxyAddresses: %s', (cell, values) => {
    expect(readIdentities(`proxyAddresses\n${cell}\n`, 'accounts.csv')).toEqual([{ name: 'proxyAddresses', values }])
  })
})
