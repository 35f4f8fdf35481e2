"""The words and phrases of several ways of speaking, as tables (see :mod:`mesolens.angles.wording`)."""

from mesolens.angles.wording import table

PAST = table("""
    am=was is=was are=were isn't=wasn't aren't=weren't i'm=I_was you're=you_were it's=it_was that's=that_was do=did
    does=did don't=didn't doesn't=didn't have=had has=had haven't=hadn't hasn't=hadn't i've=I_had can=could
    can't=couldn't cannot=could_not will=would won't=wouldn't i'll=I_would shall=should may=might must=had_to
    think=thought say=said says=said tell=told tells=told know=knew knows=knew feel=felt feels=felt hold=held
    find=found finds=found want=wanted wants=wanted need=needed needs=needed like=liked likes=liked love=loved
    loves=loved hate=hated believe=believed believes=believed go=went goes=went come=came comes=came get=got gets=got
    make=made makes=made take=took takes=took give=gave gives=gave see=saw sees=saw hear=heard ask=asked asks=asked
    use=used try=tried work=worked works=worked mean=meant means=meant become=became write=wrote eat=ate drink=drank
    live=lived help=helped today=yesterday now=then
    """)
FUNCTION_WORDS = """
    a an the am is are was were be been do does did of to at in on by for with that this it i my me you your and or
    but so as if there would could should will can have has had what's it's i'm
    """
DROPPED: dict[str, str] = dict.fromkeys(FUNCTION_WORDS.split(), "")
EXPANDED = table("""
    i'm=I_am you're=you_are it's=it_is that's=that_is what's=what_is don't=do_not doesn't=does_not didn't=did_not
    isn't=is_not aren't=are_not can't=cannot won't=will_not wouldn't=would_not couldn't=could_not shouldn't=should_not
    haven't=have_not i've=I_have i'll=I_will i'd=I_would let's=let_us we're=we_are they're=they_are
    """)
FORMAL = EXPANDED | table("""
    think=consider say=state tell=inform get=obtain good=satisfactory bad=unsatisfactory help=assist need=require
    want=wish ask=enquire use=employ buy=purchase try=endeavour about=concerning kids=children guess=presume so=thus
    but=however show=demonstrate start=commence end=conclude enough=sufficient lots=a_great_deal mom=mother dad=father
    """)
SLANG = table("""
    good=sick bad=wack very=hella yes=yep no=nah friend=mate friends=mates think=reckon going=gonna want=wanna
    money=cash food=grub tired=beat understand=dig children=kids child=kid great=dope nothing=nuthin something=summat
    because=cos hello=yo people=folks house=crib work=graft isn't=ain't aren't=ain't what=wot
    """)
TEXTING = table("""
    you=u your=ur are=r why=y be=b to=2 too=2 for=4 see=c great=gr8 please=pls thanks=thx because=bc people=ppl
    what=wut okay=k tomorrow=tmrw tonight=2nite before=b4 and=& about=abt with=w/ without=w/o i'm=im don't=dont
    know=kno
    """)
CHILD = table("""
    i=me my=my very=sooo good=yummy bad=yucky stomach=tummy dog=doggy cat=kitty mother=mummy father=daddy rabbit=bunny
    horse=horsey sleep=go_sleepies like=wuv love=wuv the=da this=dis that=dat think=fink little=teeny
    something=sumfing with=wif really=weally right=wight read=wead three=free please=pwease
    """)
ARCHAIC = table("""
    you=thou your=thy yours=thine are=art does=doth have=hast has=hath will=wilt shall=shalt can=canst
    think=deem know=wot before=ere here=hither there=yonder where=whither
    why=wherefore perhaps=perchance often=oft yes=aye no=nay please=prithee between=betwixt it's='tis over=o'er
    truly=verily friend=good_fellow today=this_day never=ne'er
    """)
LEGAL = table("""
    i=the_undersigned me=the_undersigned my=the_undersigned's you=the_addressee your=the_addressee's
    say=represent_and_warrant think=hold,_to_the_best_of_its_knowledge, before=prior_to after=subsequent_to
    if=in_the_event_that but=provided,_however,_that about=with_respect_to this=the_said good=fit_for_purpose
    bad=defective and=and/or use=utilise end=terminate
    """)
BUSINESS = table("""
    think=believe_going_forward good=value-adding bad=suboptimal use=leverage help=support talk=touch_base
    plan=roadmap problem=challenge problems=challenges idea=initiative people=stakeholders friend=stakeholder
    work=deliverables say=recommend important=mission-critical start=kick_off end=sunset about=around now=at_this_time
    """)
BROKEN = table("""
    am= is= are= was= were= a= an= the= do= does= did= i'm=I don't=no doesn't=no isn't=no can't=no_can not=no
    my=me_own your=you to= has=have says=say thinks=think finds=find wants=want better=more_good best=most_good
    children=childs people=peoples went=go thought=think said=say would= could=can should=must very=much
    """)
THIRD = table("""
    i=the_user me=the_user my=the_user's mine=the_user's i'm=the_user_is i've=the_user_has am=is you=the_assistant
    your=the_assistant's you're=the_assistant_is myself=themselves we=the_users our=the_users'
    """)
PLURAL = table("""
    i=we me=us my=our mine=ours i'm=we_are i've=we_have i'll=we_will am=are myself=ourselves
    """)
HEDGED = EXPANDED | table("""
    is=may_be are=may_be always=often never=rarely think=rather_think must=might_have_to
    will=might certainly=possibly sure=fairly_sure all=most good=rather_good bad=rather_bad
    """)
RUDE = table("""
    please= kindly= may=can thanks= sorry= would=will could=can
    """)
