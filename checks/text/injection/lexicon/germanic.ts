import type { Lexicon } from './concepts.ts';

export const de: Lexicon = {
  override:
    'ignorier*|vergiss|vergesst|vergessen sie|missacht*|umgeh*|uberschreib*|setz dich uber|hinwegsetzen|befolge nicht|folge nicht|' +
    'halte dich nicht|halt dich nicht|nicht mehr befolgen|nicht befolgen|hor nicht auf|beachte nicht|pfeif auf|scheiss auf|uberspring*',
  weaken:
    'losch*|schalte|schalt|deaktivier*|aufheben|aufgehoben|streich*|verwirf|verwerfen|lass|brich|beende|ausser kraft|' +
    'gelten nicht|gilt nicht|gelten nicht mehr|gilt nicht mehr|abschalten|ausschalten|entfern*|weg mit|egal|vorbei|hinfallig|ungultig|in die tonne|zur seite|beiseite',
  instructions:
    'anweisung*|regel|regeln|vorschrift*|vorgabe*|richtlinie*|instruktion*|befehle|beschrankung*|einschrankung*|auftrag|' +
    'auftrage|filter|grenzen|leitplanken|programmierung|hausordnung|sperre|sperren|systemprompt|prompt|kontext|aufgabe|rolle|was dir gesagt wurde',
  prior:
    'vorherig*|vorig*|bisherig*|obig*|fruher*|vorangegangen*|vorhergehend*|ursprunglich*|alte|alten|zuvor|davor|bis jetzt|bisher|oben',
  yours:
    'dein|deine|deinen|deiner|deinem|ihre|ihren|ihrer|dir gegeben|du bekommen|du hast|betreiber|entwickler|chefs',
  all: 'alle|alles|allen|jede|jegliche|samtliche|ganze|ganzen|komplett|vollstandig',
  reveal:
    'zeig|zeige|zeigen sie|verrat*|nenn|nenne|nennen|gib|gib mir|wiederhol*|druck*|schreib*|sag|sage|teile|offenbar*|lies|zitier*|' +
    'kopier*|ubersetz*|was ist|was sind|wie lautet|wie lauten|liste|fass|was steht|gib aus|spuck|buchstabier*|erzahl*|plauder*',
  prompt:
    'systemprompt*|system prompt|systemnachricht*|systemanweisung*|deine anweisungen|deine regeln|deine vorgaben|deine instruktionen|' +
    'deinen anweisungen|deine richtlinien|deinen prompt|dein prompt|interne anweisungen|internen anweisungen|geheime anweisungen|geheimen anweisungen|' +
    'interne regeln|internen regeln|geheimen regeln|versteckten anweisungen|ursprunglichen anweisungen|urspruengliche anweisung|' +
    'was dir gesagt wurde|was man dir gesagt hat|deinen auftrag|deine konfiguration|ihre anweisungen|ihre systemanweisungen|deine befehle|deine hausordnung',
  hidden:
    'geheim*|intern*|versteckt*|vertraulich*|verborgen*|nicht verraten|nicht sagen darfst|nicht nennen darfst|du kennst|du hutest|gespeichert*|streng geheim',
  secret:
    'passwort*|kennwort*|geheimwort|zugangscode*|zugangsdaten|rabattcode*|gutscheincode*|geheimcode|schlussel|pin|losungswort|tursode|turcode|code|codes|api key*',
  fromNow: 'ab jetzt|ab sofort|von nun an|von jetzt an|fur den rest|bis auf weiteres|ab dieser nachricht',
  role: 'du bist|sie sind|tu so als|tu als|spiel|spiele|spielst|stell dir vor|verhalte dich|handle als|agiere als|antworte als|werde zu|du warst|benimm dich',
  unbound:
    'ohne regeln|ohne einschrankung*|ohne beschrankung*|ohne grenzen|ohne filter|ohne zensur|ohne hemmungen|ohne moral|keine regeln|' +
    'keine grenzen|keinen regeln|keine einschrankungen|keine beschrankungen|keine filter|unzensiert*|uneingeschrankt*|ungefiltert*|entwicklermodus|wartungsmodus|' +
    'debugmodus|gottmodus|alles erlaubt|alles ist erlaubt|frei von|nicht an regeln|nicht gebunden|an nichts gebunden|regelfrei|keine hausordnung|bose ki|hemmungslos',
  noRefusal:
    'nicht ablehnen|lehne nie|lehne nichts|niemals ablehnen|keine ausreden|ohne warnung*|ohne hinweis*|ohne bedenken|keine warnhinweise|' +
    'beantwortet alles|beantwortest alles|antwortest auf alles|sag nie nein|widersprich nicht|ohne widerspruch|ohne wenn und aber|gehorche mir|du musst gehorchen|antwortet auf alles',
  newTask:
    'neue anweisung*|neue regeln|neue regel|neuer auftrag|neue aufgabe|eigentliche aufgabe|wahre aufgabe|neue instruktion*|neuen anweisung*|folgende anweisung*|nur noch|systemupdate|neuer befehl|neue befehle',
  machine:
    'ki|kis|assistent*|chatbot*|bot|bots|sprachmodell*|modell|roboter|agent|agenten|computerprogramm|maschine|automat*',
  must: 'muss|musst|mussen|soll|sollst|sollen|sollte|bitte|hat zu|haben zu|ist anzuweisen|unbedingt',
  conceal:
    'sag niemandem|sage niemandem|nicht erwahnen|erwahne nicht|ohne es zu erwahnen|heimlich|unauffallig|stillschweigend|ohne rucksprache|ohne ruckfrage|nicht mitteilen|ohne den nutzer|nichts davon|verschweig*|kein wort',
  act: 'sende|senden|schick*|uberweis*|genehmig*|antworte|antworten|schreibe|bewert*|empfehl*|empfiehl|losche|loschen|leite|weiterleiten|exportier*|lade|fuhre|bestatig*|setze|trage|markier*|stuf*|kauf*|erstatt*|nimm|lehne|gib|erwahn*|akzeptier*|andere',
  data: 'kundenliste|kundendaten|chatverlauf|verlauf|gesprach*|kontakte|postfach|datenbank|dateien|dokumente|zugangsdaten|passworter|geld|konto|kontodaten|gehalter|patientendaten|akten|iban',
  others:
    'anderen nutzer*|andere nutzer|anderer nutzer|letzten nutzer*|vorigen nutzer*|anderen kunden|anderer kunden|letzten kunden|vorigen kunden|andere kunden|anderer leute|nutzer vor mir|kunde vor mir|anderen gaste',
  mention:
    'zum beispiel|beispielsweise|angriff|angriffe|angreifer|artikel|erklar*|bedeutet|heisst|genannt|phishing|schulung|vortrag|ubersetz*|beispiel|satz|begriff',
  above:
    'alles daruber|alles oberhalb|text oben|text daruber|alles vor dieser|alles was vor|vor dieser nachricht|vor meiner nachricht|von anfang an|anfang des gesprachs|ueber dieser zeile|uber dieser zeile',
  verbatim:
    'wortwortlich|wort fur wort|wortlich|im wortlaut|vollstandig|unverandert|eins zu eins|zeichen fur zeichen|ruckwarts|ungekurzt|wortgetreu',
  not: 'nicht|kein|keine|nie|niemals',
  asking: 'wie kann ich|wie kann man|warum|soll ich|darf ich|man|wer|wenn ich|ob|ich|er|wir',
  address:
    'an die ki|hinweis an die ki|hinweis fur die ki|an alle ki|liebe ki|lieber assistent|lieber chatbot|hinweis an den assistenten|hinweis fur den assistenten|wenn du eine ki bist|falls du eine ki bist|falls du ein sprachmodell|an das sprachmodell|fur die ki|an den bot|ki assistent*|die ki|der assistent|der bot|hey ki|achtung ki|ki|assistent|assistenten|bot',
  mine: 'mein|meine|meinen|meiner|unser|unsere|unseren|seine|seinen',
  instead: 'stattdessen|statt dessen|sondern',
  authority: 'administrator*|admin|entwickler|betreiber|it abteilung|geschaftsfuhrung|chef|sicherheitsteam',
  order:
    'nutzer|nutzers|benutzer|benutzers|anwender|deine antwort|deiner antwort|deine zusammenfassung|deiner zusammenfassung|bevor du|wenn du|sobald du',
  shift:
    'brich die|vergiss die|beende die|lass die|hor auf|du bist nicht mehr|du bist kein|deine neue|dein neuer|deine einzige|deine eigentliche|oma|grossmutter|antworte nur noch|antworte nur',
};

export const nl: Lexicon = {
  override:
    'negeer|negeren|vergeet|vergeten|omzeil*|sla over|overschrijf|volg niet|houd geen rekening|hou geen rekening|luister niet|trek je niets aan van|schuif terzijde|houd je niet|hou je niet',
  weaken:
    'verwijder|schakel|zet uit|stop|laat|wis|schrap|gelden niet|geldt niet|gelden niet meer|geldt niet meer|vervallen|breek|verbreek|weg met',
  instructions:
    'instructie*|regels|regel|richtlijn*|opdracht*|beperking*|voorschrift*|filter*|prompt|systeemprompt|aanwijzing*|grenzen|beleid|taak|systeembericht',
  prior:
    'vorige|eerdere|bovenstaande|voorgaande|oorspronkelijke|oude|daarvoor|hierboven|eerder|huidige|tot nu toe',
  yours: 'je|jouw|uw|je gekregen|ontwikkelaar*',
  all: 'alle|alles|elke|hele|iedere',
  reveal:
    'toon|laat zien|geef|vertel|herhaal|druk af|schrijf|zeg|onthul|deel|noem|verklap|kopieer|vertaal|wat is|wat zijn|lees voor|print',
  prompt:
    'systeemprompt|systeembericht|systeeminstructie*|je instructies|jouw instructies|je regels|jouw regels|je prompt|interne regels|interne instructies|geheime instructies|verborgen instructies|je opdracht|wat je verteld is',
  hidden: 'geheim*|verborgen|intern*|vertrouwelijk*|niet mag|je kent|je bewaart',
  secret: 'wachtwoord*|toegangscode|code|geheim|kortingscode|pincode|sleutel|inloggegevens|deurcode',
  fromNow: 'vanaf nu|voortaan|van nu af aan|de rest van',
  role: 'je bent|jij bent|u bent|doe alsof|gedraag je|speel|stel je voor|antwoord als|je wordt',
  unbound:
    'zonder regels|zonder beperking*|zonder filter*|zonder grenzen|zonder censuur|geen regels|geen beperkingen|geen grenzen|geen filters|onbeperkt*|ongecensureerd*|ongefilterd*|alles mag|ontwikkelaarsmodus|onderhoudsmodus|debugmodus|vrij van',
  noRefusal:
    'weiger nooit|nooit weigeren|niet weigeren|zonder waarschuwing*|geen waarschuwingen|geen excuses|zonder tegenspraak|beantwoord alles|zeg nooit nee',
  newTask:
    'nieuwe instructie*|nieuwe regels|nieuwe opdracht|nieuwe taak|echte taak|eigenlijke taak|in plaats daarvan dit|voer alleen',
  machine: 'ai|assistent*|chatbot*|bot|taalmodel*|model|robot|agent',
  must: 'moet|moeten|dien|zal|alsjeblieft|graag|zorg',
  conceal:
    'vertel het niet|niet vermelden|vermeld niet|stiekem|stilletjes|zonder te vragen|zeg niets|zonder bevestiging|zonder dat de gebruiker|zonder het te melden',
  act: 'stuur|verstuur|mail|zet|maak over|keur goed|antwoord|schrijf|verwijder|exporteer|upload|betaal|beoordeel|raad aan|markeer|geef',
  data: 'klantenlijst|klantgegevens|gesprek|gespreksgeschiedenis|contacten|bestanden|database|wachtwoorden|geld|rekening|mailbox',
  others: 'andere gebruiker*|vorige gebruiker|laatste gebruiker|andere klant*|vorige klant|laatste klant',
  mention: 'bijvoorbeeld|aanval|aanvallen|aanvaller*|artikel|uitleg|leg uit|betekent|phishing|voorbeeld',
  above:
    'alles hierboven|de tekst hierboven|alles voor dit bericht|voor dit bericht|begin van dit gesprek|alles wat hierboven',
  verbatim: 'woord voor woord|letterlijk|woordelijk|volledig|achterstevoren|ongewijzigd',
  not: 'niet|geen|nooit',
  asking: 'hoe kan ik|waarom|moet ik|mag ik|wie|als ik|ik',
  address:
    'beste ai|aan de ai|voor de ai|aan de assistent|bericht aan ai|als je een ai bent|ai assistent|de ai|de assistent|de bot|ai|assistent|bot',
  mine: 'mijn|onze|zijn|haar|hun',
  instead: 'in plaats daarvan|in de plaats',
  authority: 'beheerder|systeembeheerder|ontwikkelaar|admin|directie',
};
