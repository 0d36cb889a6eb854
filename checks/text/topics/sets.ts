/**
 * Built-in topics: `strong` terms hardly occur but in the topic, `weak` ones count only together. English and
 * German; inflections are matched without being listed. Modest on purpose: a start for one's own lists.
 */
export interface TermSet {
  readonly title: string;
  readonly strong: readonly string[];
  readonly weak: readonly string[];
}

const list = (terms: string): readonly string[] => terms.split(',').map((term) => term.trim());

export const TOPIC_SETS = {
  weapons: {
    title: 'Weapons',
    strong: list(
      'assault rifle, ghost gun, pipe bomb, nerve agent, silencer for a gun, machine gun, hand grenade, molotov cocktail, explosive device, homemade explosive, ammunition, detonator, firearm, sarin, Schusswaffe, Sturmgewehr, Maschinengewehr, Handgranate, Sprengstoff, Rohrbombe, Sprengsatz, Munition, Zünder, Nervengift, Waffenhandel',
    ),
    weak: list(
      'gun, rifle, pistol, weapon, bomb, bullet, explosive, caliber, trigger, knife, grenade, Waffe, Gewehr, Pistole, Bombe, Patrone, Kaliber, Messer, Granate',
    ),
  },
  'self-harm': {
    title: 'Suicide and self-harm',
    strong: list(
      'suicide, suicidal, kill myself, end my life, take my own life, self-harm, self harm, cut myself, hurt myself, want to die, Selbstmord, Suizid, suizidal, umbringen will, mich umbringen, mir das Leben nehmen, Selbstverletzung, mich ritzen, mich verletzen, nicht mehr leben',
    ),
    weak: list(
      'hopeless, overdose, worthless, noose, razor, hoffnungslos, Überdosis, wertlos, Strick, Klinge',
    ),
  },
  drugs: {
    title: 'Illegal drugs',
    strong: list(
      'cocaine, heroin, methamphetamine, crystal meth, fentanyl, ecstasy pill, mdma, lsd, crack cocaine, drug dealer, drug trafficking, Kokain, Methamphetamin, Fentanyl, Drogenhandel, Drogendealer, Rauschgift',
    ),
    weak: list(
      'drug, dealer, cannabis, weed, marijuana, joint, snort, amphetamine, high on, opioid, Droge, Dealer, Gras rauchen, Haschisch, kiffen, Amphetamin',
    ),
  },
  gambling: {
    title: 'Gambling',
    strong: list(
      'online casino, sports betting, slot machine, roulette, blackjack, bookmaker, poker room, gambling, betting odds, Glücksspiel, Spielautomat, Sportwette, Wettbüro, Onlinecasino, Spielbank, Wettquote',
    ),
    weak: list(
      'casino, bet, jackpot, poker, wager, odds, lottery, Wette, Einsatz, Lotterie, Lotto, Gewinnchance',
    ),
  },
  politics: {
    title: 'Politics',
    strong: list(
      'election campaign, presidential election, political party, prime minister, left-wing, right-wing, general election, member of parliament, Wahlkampf, Bundestagswahl, politische Partei, Bundeskanzler, Bundeskanzlerin, Ministerpräsident, Wahlprogramm, Landtagswahl, Europawahl',
    ),
    weak: list(
      'election, president, parliament, senator, democrat, republican, conservative, socialist, immigration, referendum, Wahl, Partei, Bundestag, Abgeordnete, Regierung, Opposition, Volksentscheid, Migration, Minister',
    ),
  },
  'medical-advice': {
    title: 'Medical advice',
    strong: list(
      'what dose, which medication should I, should I take ibuprofen, diagnose me, my symptoms, do I have cancer, prescribe me, interact with my medication, Dosierung, welches Medikament, meine Symptome, habe ich Krebs, verschreiben Sie mir, Nebenwirkungen von',
    ),
    weak: list(
      'symptom, medication, dosage, prescription, diagnosis, side effect, antibiotic, chest pain, blood pressure, treatment, rash, fever, Symptom, Medikament, Rezept, Diagnose, Nebenwirkung, Antibiotikum, Brustschmerzen, Blutdruck, Behandlung, Ausschlag, Fieber',
    ),
  },
  'legal-advice': {
    title: 'Legal advice',
    strong: list(
      'can I sue, should I sue, legal advice, is it legal for me, draft a lawsuit, my lawyer, defend myself in court, am I liable, Rechtsberatung, kann ich klagen, soll ich klagen, bin ich haftbar, mein Anwalt, Klage einreichen, vor Gericht ziehen',
    ),
    weak: list(
      'lawsuit, court, attorney, liability, contract, damages, custody, divorce, tenant, sue, settlement, Klage, Gericht, Anwalt, Haftung, Vertrag, Schadensersatz, Sorgerecht, Scheidung, Mieter, Kündigung, Vergleich',
    ),
  },
  'financial-advice': {
    title: 'Financial advice',
    strong: list(
      'which stocks should I, should I invest, investment advice, stock tip, buy bitcoin, should I buy shares, how should I invest, retirement portfolio, Anlageberatung, Anlagetipp, welche Aktien, soll ich investieren, Bitcoin kaufen, Altersvorsorge anlegen, Geld anlegen',
    ),
    weak: list(
      'stock, share price, portfolio, invest, bond, crypto, bitcoin, dividend, mortgage, interest rate, fund, return on, Aktie, Depot, investieren, Anleihe, Krypto, Dividende, Hypothek, Zinssatz, Fonds, Rendite',
    ),
  },
} as const satisfies Record<string, TermSet>;

export type TopicSetName = keyof typeof TOPIC_SETS;
export const TOPIC_SET_NAMES = Object.keys(TOPIC_SETS) as [TopicSetName, ...TopicSetName[]];
