/** True and false cases of the detectors that are not rows of the table of official numbers. */
export interface DetectorSample {
  readonly kind: string;
  /** A text and what is found in it. */
  readonly yes: readonly (readonly [text: string, value: string])[];
  readonly no: readonly string[];
}

export const DETECTOR_SAMPLES: readonly DetectorSample[] = [
  {
    kind: 'email',
    yes: [
      ['Write to jane.doe+news@mail.example.org, please', 'jane.doe+news@mail.example.org'],
      ["<o'neill@sub.example.co.uk>", "o'neill@sub.example.co.uk"],
      ['メールはtaro@example.jpです', 'taro@example.jp'],
    ],
    no: [
      'icon@2x.png',
      'git@github.com:acme/app.git',
      'meet me @ noon',
      'a@b',
      '@decorator.method',
      'https://user@host.example.org/path',
    ],
  },
  {
    kind: 'phone',
    yes: [
      ['Ring +44 20 7946 0958 now', '+44 20 7946 0958'],
      ['+49 (0) 30 12345678 is ours', '+49 (0) 30 12345678'],
      ['It is (555) 234-5678.', '(555) 234-5678'],
      ['It is 555-234-5678.', '555-234-5678'],
      ['call me at 020 7946 0958', '020 7946 0958'],
      ['Telefon: 030 / 1234 5678', '030 / 1234 5678'],
      ['電話 03-1234-5678', '03-1234-5678'],
      ['Mobil 0151 23456789', '0151 23456789'],
    ],
    no: [
      'We sold 020 7946 0958 pieces',
      'on 2024-03-12 at 10:30',
      '+1 point for you',
      'version 555.234.56789',
      'call 12 people',
      '555-123-4567',
    ],
  },
  {
    kind: 'card-number',
    yes: [
      ['4111 1111 1111 1111', '4111 1111 1111 1111'],
      ['card 5555555555554444!', '5555555555554444'],
      ['Amex 3782 822463 10005', '3782 822463 10005'],
      ['6011-1111-1111-1117', '6011-1111-1111-1117'],
    ],
    no: ['4111 1111 1111 1112', '1234 5678 9012 3452', '0000 0000 0000 0000', '9999999999999995'],
  },
  {
    kind: 'iban',
    yes: [
      ['DE89 3704 0044 0532 0130 00', 'DE89 3704 0044 0532 0130 00'],
      ['GB29NWBK60161331926819', 'GB29NWBK60161331926819'],
      ['FR14 2004 1010 0505 0001 3M02 606', 'FR14 2004 1010 0505 0001 3M02 606'],
    ],
    no: ['DE89 3704 0044 0532 0130 01', 'XX89 3704 0044 0532 0130 00', 'DE89 3704 0044 0532 0130'],
  },
  {
    kind: 'bic',
    yes: [
      ['BIC: DEUTDEFF500', 'DEUTDEFF500'],
      ['SWIFT code NEDSZAJJ', 'NEDSZAJJ'],
    ],
    no: ['DEUTDEFF', 'We use the SWIFT LANGUAGE'],
  },
  {
    kind: 'birth-date',
    yes: [
      ['Date of birth: 12/03/1985', '12/03/1985'],
      ['DOB 1985-03-12', '1985-03-12'],
      ['born on the 5th of May 1990', '5th of May 1990'],
      ['born March 12, 1985', 'March 12, 1985'],
      ['geboren am 3. März 1970', '3. März 1970'],
      ['née le 4 juillet 1981', '4 juillet 1981'],
      ['生年月日 1985年3月12日', '1985年3月12日'],
    ],
    no: ['The meeting on 12/03/2024', 'born 45/13/1985', 'released 1985-03-12', 'born in 1985'],
  },
  {
    kind: 'postal-address',
    yes: [
      ['I live at 221B Baker Street.', '221B Baker Street'],
      ['Ship to 12 High Street, Apt 4', '12 High Street, Apt 4'],
      ['Er wohnt Hauptstraße 12', 'Hauptstraße 12'],
      ['5 bis avenue Victor Hugo, Lyon', '5 bis avenue Victor Hugo'],
      ['Calle de Alcalá, 42', 'Calle de Alcalá, 42'],
      ['Via Garibaldi 10, Torino', 'Via Garibaldi 10'],
    ],
    no: [
      '12 people on the Street',
      'In 1999 Main events took a new Way',
      'Spring 2024',
      'the street has 12 houses',
      'Via email 3 times',
    ],
  },
  {
    kind: 'passport-number',
    yes: [
      ['passport number: AB1234567', 'AB1234567'],
      ['Reisepass 517402935', '517402935'],
    ],
    no: ['serial AB1234567', 'passport photo 35 x 45'],
  },
  {
    kind: 'driving-licence',
    yes: [
      ['Driver’s license: D1234567', 'D1234567'],
      ['driving licence MORGA657054SM9IJ', 'MORGA657054SM9IJ'],
    ],
    no: ['licence fee of 12345', 'order D1234567'],
  },
  {
    kind: 'crypto-address',
    yes: [
      ['1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa', '1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa'],
      ['pay bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4', 'bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4'],
      ['wallet 0x52908400098527886e0f7030069857d2e4169ee7', '0x52908400098527886e0f7030069857d2e4169ee7'],
    ],
    no: ['1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNb', 'commit 52908400098527886e0f7030069857d2e4169ee7'],
  },
  {
    kind: 'person-name',
    yes: [
      ['Hello, my name is Maria van den Berg and', 'Maria van den Berg'],
      ['Ich heiße Jürgen Groß.', 'Jürgen Groß'],
      ['Patient: Anna Maria Lopez', 'Anna Maria Lopez'],
      ['- Full name: John Q. Sample', 'John Q. Sample'],
    ],
    no: [
      'The file name is Report',
      'Name: Required',
      'my name is on the list',
      'Patient: Yes',
      'Note: Anna Lopez',
    ],
  },
  {
    kind: 'ip-address',
    yes: [
      ['Host 10.1.2.3 is down', '10.1.2.3'],
      ['from 2001:db8:0:1::17 on', '2001:db8:0:1::17'],
    ],
    no: ['127.0.0.1', 'version 10.2.33.1', '300.1.2.3', 'at 10:30:15', '1.2.3.4.5'],
  },
  {
    kind: 'mac-address',
    yes: [['00:1A:2B:3C:4D:5E', '00:1A:2B:3C:4D:5E']],
    no: ['00:1A:2B:3C:4D', '00:1A-2B:3C:4D:5E'],
  },
];
