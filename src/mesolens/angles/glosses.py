"""A small dictionary for word-for-word glosses: English, German, French, Spanish, Latin.

One sense a word and no grammar: a gloss is what somebody with a dictionary and no command of the language writes.
Words that are not in it stay English.
"""

_LINES = """
i ich je yo ego
you du tu tú tu
he er il él is
she sie elle ella ea
we wir nous nosotros nos
they sie ils ellos ii
it es cela ello id
my mein mon mi meus
your dein ton tu tuus
is ist est es est
am bin suis soy sum
are bist es eres es
was war était era erat
be sein être ser esse
have habe ai tengo habeo
has hat a tiene habet
do tust fais haces facis
does tut fait hace facit
can kann peux puedo possum
will wird sera será erit
should soll devrais debo debeo
a ein un un unus
an ein un un unus
the der le el ille
this dies ce este hic
that dass que que ut
and und et y et
or oder ou o aut
but aber mais pero sed
not nicht pas no non
no nein non no minime
yes ja oui sí ita
if wenn si si si
in in dans en in
on auf sur sobre super
of von de de de
to zu à a ad
for für pour para pro
with mit avec con cum
about über sur sobre de
from aus de de ex
me mir moi mí mihi
what was que qué quid
why warum pourquoi por_qué cur
how wie comment cómo quomodo
who wer qui quién quis
when wann quand cuándo quando
where wo où dónde ubi
think denke pense pienso puto
say sage dis digo dico
said sagte dit dijo dixit
tell sage dis di dic
know weiß sais sé scio
feel fühle sens siento sentio
find finde trouve encuentro invenio
want will veux quiero volo
need brauche besoin necesito egeo
like mag aime gusta amo
love liebe aime amo amo
help Hilfe aide ayuda auxilium
ask frage demande pregunto rogo
write schreibe écris escribo scribo
read lese lis leo lego
see sehe vois veo video
hear höre entends oigo audio
give gib donne da da
make mache fais hago facio
go gehe vais voy eo
come komme viens vengo venio
eat esse mange como edo
drink trinke bois bebo bibo
sleep schlafe dors duermo dormio
work Arbeit travail trabajo labor
good gut bon bueno bonus
bad schlecht mauvais malo malus
better besser meilleur mejor melior
useful nützlich utile útil utilis
big groß grand grande magnus
small klein petit pequeño parvus
old alt vieux viejo vetus
new neu nouveau nuevo novus
true wahr vrai verdad verus
sure sicher sûr seguro certus
right richtig juste correcto rectus
very sehr très muy valde
today heute aujourd'hui hoy hodie
now jetzt maintenant ahora nunc
always immer toujours siempre semper
never nie jamais nunca numquam
here hier ici aquí hic
there dort là allí ibi
friend Freund ami amigo amicus
mother Mutter mère madre mater
father Vater père padre pater
child Kind enfant niño puer
man Mann homme hombre vir
woman Frau femme mujer femina
people Leute gens gente populus
day Tag jour día dies
night Nacht nuit noche nox
morning Morgen matin mañana mane
year Jahr an año annus
time Zeit temps tiempo tempus
house Haus maison casa domus
city Stadt ville ciudad urbs
water Wasser eau agua aqua
bread Brot pain pan panis
tea Tee thé té thea
coffee Kaffee café café coffea
wine Wein vin vino vinum
dog Hund chien perro canis
cat Katze chat gato feles
horse Pferd cheval caballo equus
tree Baum arbre árbol arbor
sun Sonne soleil sol sol
rain Regen pluie lluvia pluvia
book Buch livre libro liber
letter Brief lettre carta epistula
word Wort mot palabra verbum
story Geschichte histoire historia fabula
history Geschichte histoire historia historia
music Musik musique música musica
question Frage question pregunta quaestio
answer Antwort réponse respuesta responsum
money Geld argent dinero pecunia
life Leben vie vida vita
world Welt monde mundo mundus
one eins un uno unus
two zwei deux dos duo
three drei trois tres tres
please bitte s'il_te_plaît por_favor quaeso
thanks danke merci gracias gratias
hello hallo bonjour hola salve
"""
LANGUAGES = ("german", "french", "spanish", "latin")
_ROWS = [line.split() for line in _LINES.strip().splitlines()]
GLOSSES: dict[str, dict[str, str]] = {
    language: {row[0]: row[column].replace("_", " ") for row in _ROWS} for column, language in enumerate(LANGUAGES, 1)
}
"""For each language the words of the dictionary and what they become."""
