// Written by scripts/emoji-data from the npm package emojibase-data; not to be edited.
//
// MIT License
//
// Copyright (c) 2017-2019 Miles Johnson
//
// Permission is hereby granted, free of charge, to any person obtaining a copy
// of this software and associated documentation files (the "Software"), to deal
// in the Software without restriction, including without limitation the rights
// to use, copy, modify, merge, publish, distribute, sublicense, and/or sell
// copies of the Software, and to permit persons to whom the Software is
// furnished to do so, subject to the following conditions:
//
// The above copyright notice and this permission notice shall be included in all
// copies or substantial portions of the Software.
//
// THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR
// IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY,
// FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE
// AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER
// LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM,
// OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE
// SOFTWARE.

/** By group, a line for each emoji: emoji|name|other words|in the lightest skin tone. */
export const GROUPS = [
    `😀|grinning|grinning face,cheerful,cheery,face,grin,happy,laugh,nice,smile,smiling,teeth|
😃|smiley|grinning face with big eyes,awesome,big,eyes,face,grin,grinning,happy,mouth,open|
😄|smile|grinning face with smiling eyes,eye,eyes,face,grin,grinning,happy,laugh,lol,mouth|
😁|grin|beaming face with smiling eyes,beaming,eye,eyes,face,grinning,happy,nice,smile|
😆|laughing|grinning squinting face,satisfied,closed,eyes,face,grinning,haha,hahaha,happy|
😅|sweat_smile|grinning face with sweat,cold,dejected,excited,face,grinning,mouth,nervous|
🤣|rofl|rolling on the floor laughing,crying,face,floor,funny,haha,happy,hehe,hilarious,joy|
😂|joy|face with tears of joy,crying,face,feels,funny,haha,happy,hehe,hilarious,laugh,lmao|
🙂|slightly_smiling_face|slightly smiling face,face,happy,slightly,smile,smiling|
🙃|upside_down_face|upside-down face,face,hehe,smile,upside-down|
🫠|melting_face|melting face,disappear,dissolve,embarrassed,face,haha,heat,hot,liquid,lol|
😉|wink|winking face,face,flirt,heartbreaker,sexy,slide,tease,winking,winks|
😊|blush|smiling face with smiling eyes,eye,eyes,face,glad,satisfied,smile,smiling|
😇|innocent|smiling face with halo,angel,angelic,angels,blessed,face,fairy,fairytale,fantasy|
🥰|smiling_face_with_three_hearts|smiling face with hearts,3,adore,crush,face,heart,hearts|
😍|heart_eyes|smiling face with heart-eyes,143,bae,eye,face,feels,heart-eyes,hearts,ily|
🤩|star_struck|star-struck,excited,eyes,face,grinning,smile,star,starry-eyed,wow|
😘|kissing_heart|face blowing a kiss,adorbs,bae,blowing,face,flirt,heart,ily,kiss,love,lover|
😗|kissing|kissing face,143,date,dating,face,flirt,ily,kiss,love,smooch,smooches,xoxo,you|
☺️|relaxed|smiling face,face,happy,outlined,smile,smiling|
😚|kissing_closed_eyes|kissing face with closed eyes,143,bae,blush,closed,date,dating,eye|
😙|kissing_smiling_eyes|kissing face with smiling eyes,143,closed,date,dating,eye,eyes,face|
🥲|smiling_face_with_tear|smiling face with tear,face,glad,grateful,happy,joy,pain,proud|
😋|yum|face savoring food,delicious,eat,face,food,full,hungry,savor,smile,smiling,tasty,um|
😛|stuck_out_tongue|face with tongue,awesome,cool,face,nice,party,stuck-out,sweet,tongue|
😜|stuck_out_tongue_winking_eye|winking face with tongue,crazy,epic,eye,face,funny,joke|
🤪|zany_face|zany face,crazy,eye,eyes,face,goofy,large,small,zany|
😝|stuck_out_tongue_closed_eyes|squinting face with tongue,closed,eye,eyes,face,gross|
🤑|money_mouth_face|money-mouth face,face,money,money-mouth,mouth,paid|
🤗|hugs|smiling face with open hands,face,hands,hug,hugging,open,smiling|
🤭|hand_over_mouth|face with hand over mouth,face,giggle,giggling,hand,mouth,oops|
🫢|face_with_open_eyes_and_hand_over_mouth|face with open eyes and hand over mouth,amazement|
🫣|face_with_peeking_eye|face with peeking eye,captivated,embarrass,eye,face,hide,hiding|
🤫|shushing_face|shushing face,face,quiet,shh,shush,shushing|
🤔|thinking|thinking face,chin,consider,face,hmm,ponder,pondering,wondering|
🫡|saluting_face|saluting face,face,good,luck,ma’am,ok,respect,salute,saluting,sir,troops|
🤐|zipper_mouth_face|zipper-mouth face,face,keep,mouth,quiet,secret,shut,zip,zipper|
🤨|raised_eyebrow|face with raised eyebrow,disapproval,disbelief,distrust,emoji,eyebrow,face|
😐️|neutral_face|neutral face,awkward,blank,deadpan,expressionless,face,fine,jealous,meh|
😑|expressionless|expressionless face,awkward,dead,face,fine,inexpressive,jealous,meh,not,oh|
😶|no_mouth|face without mouth,awkward,blank,expressionless,face,mouth,mouthless,mute,quiet|
🫥|dotted_line_face|dotted line face,depressed,disappear,dotted,face,hidden,hide,introvert|
😶‍🌫️|face_in_clouds|face in clouds,absentminded,clouds,face,fog,head|
😏|smirk|smirking face,boss,dapper,face,flirt,homie,kidding,leer,shade,slick,sly,smug|
😒|unamused|unamused face,...,bored,face,fine,jealous,jel,jelly,pissed,smh,ugh,uhh,unhappy|
🙄|roll_eyes|face with rolling eyes,eyeroll,eyes,face,rolling,shade,ugh,whatever|
😬|grimacing|grimacing face,awk,awkward,dentist,face,grimace,grinning,smile,smiling|
😮‍💨|face_exhaling|face exhaling,blow,blowing,exhale,exhaling,exhausted,face,gasp,groan|
🤥|lying_face|lying face,face,liar,lie,lying,pinocchio|
🫨|shaking_face|shaking face,crazy,daze,earthquake,face,omg,panic,shaking,shock,surprise|
😌|relieved|relieved face,calm,face,peace,relief,zen|
😔|pensive|pensive face,awful,bored,dejected,died,disappointed,face,losing,lost,sad,sucks|
😪|sleepy|sleepy face,crying,face,good,night,sad,sleep,sleeping,tired|
🤤|drooling_face|drooling face,drooling,face|
😴|sleeping|sleeping face,bed,bedtime,face,good,goodnight,nap,night,sleep,tired,whatever|
😷|mask|face with medical mask,cold,dentist,dermatologist,doctor,dr,face,germs,medical|
🤒|face_with_thermometer|face with thermometer,face,ill,sick,thermometer|
🤕|face_with_head_bandage|face with head-bandage,bandage,face,head-bandage,hurt,injury,ouch|
🤢|nauseated_face|nauseated face,face,gross,nasty,nauseated,sick,vomit|
🤮|vomiting_face|face vomiting,barf,ew,face,gross,puke,sick,spew,throw,up,vomit,vomiting|
🤧|sneezing_face|sneezing face,face,fever,flu,gesundheit,sick,sneeze,sneezing|
🥵|hot_face|hot face,dying,face,feverish,heat,hot,panting,red-faced,stroke,sweating,tongue|
🥶|cold_face|cold face,blue,blue-faced,cold,face,freezing,frostbite,icicles,subzero,teeth|
🥴|woozy_face|woozy face,dizzy,drunk,eyes,face,intoxicated,mouth,tipsy,uneven,wavy,woozy|
😵|dizzy_face|face with crossed-out eyes,crossed-out,dead,dizzy,eyes,face,feels,knocked,out|
😵‍💫|face_with_spiral_eyes|face with spiral eyes,confused,dizzy,eyes,face,hypnotized,omg|
🤯|exploding_head|exploding head,blown,explode,exploding,head,mind,mindblown,no,shocked,way|
🤠|cowboy_hat_face|cowboy hat face,cowboy,cowgirl,face,hat|
🥳|partying_face|partying face,bday,birthday,celebrate,celebration,excited,face,happy,hat|
🥸|disguised_face|disguised face,disguise,eyebrow,face,glasses,incognito,moustache,mustache|
😎|sunglasses|smiling face with sunglasses,awesome,beach,bright,bro,chilling,cool,face,rad|
🤓|nerd_face|nerd face,brainy,clever,expert,face,geek,gifted,glasses,intelligent,nerd,smart|
🧐|monocle_face|face with monocle,classy,face,fancy,monocle,rich,stuffy,wealthy|
😕|confused|confused face,befuddled,confusing,dunno,face,frown,hm,meh,not,sad,sorry,sure|
🫤|face_with_diagonal_mouth|face with diagonal mouth,confused,confusion,diagonal|
😟|worried|worried face,anxious,butterflies,face,nerves,nervous,sad,stress,stressed|
🙁|slightly_frowning_face|slightly frowning face,face,frown,frowning,sad,slightly|
☹️|frowning_face|frowning face,face,frown,frowning,sad|
😮|open_mouth|face with open mouth,believe,face,forgot,mouth,omg,open,shocked,surprised|
😯|hushed|hushed face,epic,face,omg,stunned,surprised,whoa,woah|
😲|astonished|astonished face,cost,face,no,omg,shocked,totally,way|
😳|flushed|flushed face,amazed,awkward,crazy,dazed,dead,disbelief,embarrassed,face,geez,heat|
🥺|pleading_face|pleading face,begging,big,eyes,face,mercy,not,pleading,please,pretty,puppy|
🥹|face_holding_back_tears|face holding back tears,admiration,aww,back,cry,embarrassed,face|
😦|frowning|frowning face with open mouth,caught,face,frown,guard,mouth,open,scared,scary|
😧|anguished|anguished face,face,forgot,scared,scary,stressed,surprise,unhappy,what,wow|
😨|fearful|fearful face,afraid,anxious,blame,face,fear,scared,worried|
😰|cold_sweat|anxious face with sweat,anxious,blue,cold,eek,face,mouth,nervous,open,rushed|
😥|disappointed_relieved|sad but relieved face,anxious,call,close,complicated,disappointed|
😢|cry|crying face,awful,crying,face,feels,miss,sad,tear,triste,unhappy|
😭|sob|loudly crying face,bawling,cry,crying,face,loudly,sad,tear,tears,unhappy|
😱|scream|face screaming in fear,epic,face,fear,fearful,munch,scared,screamer,screaming|
😖|confounded|confounded face,annoyed,confused,cringe,distraught,face,feels,frustrated,mad|
😣|persevere|persevering face,concentrate,concentration,face,focus,headache,persevering|
😞|disappointed|disappointed face,awful,blame,dejected,face,fail,losing,sad,unhappy|
😓|sweat|downcast face with sweat,close,cold,downcast,face,feels,headache,nervous,sad,scared|
😩|weary|weary face,crying,face,fail,feels,hungry,mad,nooo,sad,sleepy,tired,unhappy|
😫|tired_face|tired face,cost,face,feels,nap,sad,sneeze,tired|
🥱|yawning_face|yawning face,bedtime,bored,face,goodnight,nap,night,sleep,sleepy,tired|
😤|triumph|face with steam from nose,anger,angry,face,feels,fume,fuming,furious,fury,mad|
😡|pout|enraged face,rage,anger,angry,enraged,face,feels,mad,maddening,pouting,red,shade|
😠|angry|angry face,anger,blame,face,feels,frustrated,mad,maddening,rage,shade,unhappy,upset|
🤬|cursing_face|face with symbols on mouth,censor,cursing,cussing,face,mad,mouth,pissed|
😈|smiling_imp|smiling face with horns,demon,devil,evil,face,fairy,fairytale,fantasy,horns|
👿|imp|angry face with horns,angry,demon,devil,evil,face,fairy,fairytale,fantasy,horns|
💀|skull|skull,body,dead,death,face,fairy,fairytale,i’m,lmao,monster,tale,yolo|
☠️|skull_and_crossbones|skull and crossbones,bone,crossbones,dead,death,face,monster,skull|
💩|hankey|pile of poo,poop,shit,bs,comic,doo,dung,face,fml,monster,pile,poo,smelly,smh,stink|
🤡|clown_face|clown face,clown,face|
👹|japanese_ogre|ogre,creature,devil,face,fairy,fairytale,fantasy,mask,monster,scary,tale|
👺|japanese_goblin|goblin,angry,creature,face,fairy,fairytale,fantasy,mask,mean,monster,tale|
👻|ghost|ghost,boo,creature,excited,face,fairy,fairytale,fantasy,halloween,haunting,monster|
👽️|alien|alien,creature,extraterrestrial,face,fairy,fairytale,fantasy,monster,space,tale|
👾|space_invader|alien monster,alien,creature,extraterrestrial,face,fairy,fairytale,fantasy|
🤖|robot|robot,face,monster|
😺|smiley_cat|grinning cat,animal,cat,face,grinning,mouth,open,smile,smiling|
😸|smile_cat|grinning cat with smiling eyes,animal,cat,eye,eyes,face,grin,grinning,smile|
😹|joy_cat|cat with tears of joy,animal,cat,face,joy,laugh,laughing,lol,tear,tears|
😻|heart_eyes_cat|smiling cat with heart-eyes,animal,cat,eye,face,heart,heart-eyes,love|
😼|smirk_cat|cat with wry smile,animal,cat,face,ironic,smile,wry|
😽|kissing_cat|kissing cat,animal,cat,closed,eye,eyes,face,kiss,kissing|
🙀|scream_cat|weary cat,animal,cat,face,oh,surprised,weary|
😿|crying_cat_face|crying cat,animal,cat,cry,crying,face,sad,tear|
😾|pouting_cat|pouting cat,animal,cat,face,pouting|
🙈|see_no_evil|see-no-evil monkey,embarrassed,evil,face,forbidden,forgot,gesture,hide,monkey|
🙉|hear_no_evil|hear-no-evil monkey,animal,ears,evil,face,forbidden,gesture,hear,listen|
🙊|speak_no_evil|speak-no-evil monkey,animal,evil,face,forbidden,gesture,monkey,no,not,oops|
💌|love_letter|love letter,heart,letter,love,mail,romance,valentine|
💘|cupid|heart with arrow,143,adorbs,arrow,date,emotion,heart,ily,love,romance,valentine|
💝|gift_heart|heart with ribbon,143,anniversary,emotion,heart,ily,kisses,ribbon,valentine|
💖|sparkling_heart|sparkling heart,143,emotion,excited,good,heart,ily,kisses,morning,night|
💗|heartpulse|growing heart,143,emotion,excited,growing,heart,ily,kisses,muah,nervous,pulse|
💓|heartbeat|beating heart,143,beating,cardio,emotion,heart,ily,love,pulsating,pulse|
💞|revolving_hearts|revolving hearts,143,adorbs,anniversary,emotion,heart,hearts,revolving|
💕|two_hearts|two hearts,143,anniversary,date,dating,emotion,heart,hearts,ily,kisses,love|
💟|heart_decoration|heart decoration,143,decoration,emotion,heart,hearth,purple,white|
❣️|heavy_heart_exclamation|heart exclamation,exclamation,heart,heavy,mark,punctuation|
💔|broken_heart|broken heart,break,broken,crushed,emotion,heart,heartbroken,lonely,sad|
❤️‍🔥|heart_on_fire|heart on fire,burn,fire,heart,love,lust,sacred|
❤️‍🩹|mending_heart|mending heart,healthier,heart,improving,mending,recovering,recuperating|
❤️|heart|red heart,emotion,love,red|
🩷|pink_heart|pink heart,143,adorable,cute,emotion,heart,ily,like,love,pink,special,sweet|
🧡|orange_heart|orange heart,143,heart,orange|
💛|yellow_heart|yellow heart,143,cardiac,emotion,heart,ily,love,yellow|
💚|green_heart|green heart,143,emotion,green,heart,ily,love,romantic|
💙|blue_heart|blue heart,143,blue,emotion,heart,ily,love,romance|
🩵|light_blue_heart|light blue heart,143,blue,cute,cyan,emotion,heart,ily,light,like,love|
💜|purple_heart|purple heart,143,bestest,emotion,heart,ily,love,purple|
🤎|brown_heart|brown heart,143,brown,heart|
🖤|black_heart|black heart,black,evil,heart,wicked|
🩶|grey_heart|grey heart,143,emotion,gray,grey,heart,ily,love,silver,slate,special|
🤍|white_heart|white heart,143,heart,white|
💋|kiss|kiss mark,dating,emotion,heart,kissing,lips,mark,romance,sexy|
💯|100|hundred points,a+,agree,clearly,definitely,faithful,fleek,full,hundred,keep,perfect|
💢|anger|anger symbol,angry,comic,mad,symbol,upset|
💥|boom|collision,collision,bomb,collide,comic,explode|
💫|dizzy|dizzy,comic,shining,shooting,star,stars|
💦|sweat_drops|sweat droplets,comic,drip,droplet,droplets,drops,splashing,squirt,sweat,water|
💨|dash|dashing away,away,cloud,comic,dashing,fart,fast,go,gone,gotta,running,smoke|
🕳️|hole|hole|
💬|speech_balloon|speech balloon,balloon,bubble,comic,dialog,message,sms,speech,talk,text|
👁️‍🗨️|eye_speech_bubble|eye in speech bubble,balloon,bubble,eye,speech,witness|
🗨️|left_speech_bubble|left speech bubble,balloon,bubble,dialog,left,speech|
🗯️|right_anger_bubble|right anger bubble,anger,angry,balloon,bubble,mad,right|
💭|thought_balloon|thought balloon,balloon,bubble,cartoon,cloud,comic,daydream,decisions|
💤|zzz|zzz,comic,good,goodnight,night,sleep,sleeping,sleepy,tired|`,
    `👋|wave|waving hand,bye,cya,g2g,greetings,gtg,hand,hello,hey,hi,later,outtie,ttfn,ttyl,yo|👋🏻
🤚|raised_back_of_hand|raised back of hand,back,backhand,hand,raised|🤚🏻
🖐️|raised_hand_with_fingers_splayed|hand with fingers splayed,finger,fingers,hand,raised|🖐🏻
✋️|hand|raised hand,raised_hand,5,five,high,raised,stop|✋🏻
🖖|vulcan_salute|vulcan salute,finger,hand,hands,salute,vulcan|🖖🏻
🫱|rightwards_hand|rightwards hand,hand,handshake,hold,reach,right,rightward,rightwards|🫱🏻
🫲|leftwards_hand|leftwards hand,hand,handshake,hold,left,leftward,leftwards,reach,shake|🫲🏻
🫳|palm_down_hand|palm down hand,dismiss,down,drop,dropped,hand,palm,pick,shoo,up|🫳🏻
🫴|palm_up_hand|palm up hand,beckon,catch,come,hand,hold,know,lift,me,offer,palm,tell|🫴🏻
🫷|leftwards_pushing_hand|leftwards pushing hand,block,five,halt,hand,high,hold,leftward|🫷🏻
🫸|rightwards_pushing_hand|rightwards pushing hand,block,five,halt,hand,high,hold,pause|🫸🏻
👌|ok_hand|ok hand,awesome,bet,dope,fleek,fosho,got,gotcha,hand,legit,ok,okay,pinch,rad|👌🏻
🤌|pinched_fingers|pinched fingers,fingers,gesture,hand,hold,huh,interrogation,patience|🤌🏻
🤏|pinching_hand|pinching hand,amount,bit,fingers,hand,little,pinching,small,sort|🤏🏻
✌️|v|victory hand,hand,peace,victory|✌🏻
🤞|crossed_fingers|crossed fingers,cross,crossed,finger,fingers,hand,luck|🤞🏻
🫰|hand_with_index_finger_and_thumb_crossed|hand with index finger and thumb crossed,<3|🫰🏻
🤟|love_you_gesture|love-you gesture,fingers,gesture,hand,ily,love,love-you,three,you|🤟🏻
🤘|metal|sign of the horns,finger,hand,horns,rock-on,sign|🤘🏻
🤙|call_me_hand|call me hand,call,hand,hang,loose,me,shaka|🤙🏻
👈️|point_left|backhand index pointing left,backhand,finger,hand,index,left,point,pointing|👈🏻
👉️|point_right|backhand index pointing right,backhand,finger,hand,index,point,pointing|👉🏻
👆️|point_up_2|backhand index pointing up,backhand,finger,hand,index,point,pointing,up|👆🏻
🖕|fu|middle finger,middle_finger,finger,hand,middle|🖕🏻
👇️|point_down|backhand index pointing down,backhand,down,finger,hand,index,point,pointing|👇🏻
☝️|point_up|index pointing up,finger,hand,index,point,pointing,this,up|☝🏻
🫵|index_pointing_at_the_viewer|index pointing at the viewer,at,finger,hand,index,pointing|🫵🏻
👍️|+1|thumbs up,thumbsup,good,hand,like,thumb,up,yes|👍🏻
👎️|-1|thumbs down,thumbsdown,bad,dislike,down,good,hand,no,nope,thumb,thumbs|👎🏻
✊️|fist|raised fist,fist_raised,clenched,hand,punch,raised,solidarity|✊🏻
👊|facepunch|oncoming fist,fist_oncoming,punch,absolutely,agree,boom,bro,bruh,bump|👊🏻
🤛|fist_left|left-facing fist,fist,left-facing,leftwards|🤛🏻
🤜|fist_right|right-facing fist,fist,right-facing,rightwards|🤜🏻
👏|clap|clapping hands,applause,approval,awesome,congrats,congratulations,excited,good|👏🏻
🙌|raised_hands|raising hands,celebration,gesture,hand,hands,hooray,praise,raised,raising|🙌🏻
🫶|heart_hands|heart hands,<3,hands,heart,love,you|🫶🏻
👐|open_hands|open hands,hand,hands,hug,jazz,open,swerve|👐🏻
🤲|palms_up_together|palms up together,cupped,dua,hands,palms,pray,prayer,together,up,wish|🤲🏻
🤝|handshake|handshake,agreement,deal,hand,meeting,shake|🤝🏻
🙏|pray|folded hands,appreciate,ask,beg,blessed,bow,cmon,five,folded,gesture,hand,high|🙏🏻
✍️|writing_hand|writing hand,hand,write,writing|✍🏻
💅|nail_care|nail polish,bored,care,cosmetics,done,makeup,manicure,nail,polish,whatever|💅🏻
🤳|selfie|selfie,camera,phone|🤳🏻
💪|muscle|flexed biceps,arm,beast,bench,biceps,bodybuilder,bro,curls,flex,gains,gym,jacked|💪🏻
🦾|mechanical_arm|mechanical arm,accessibility,arm,mechanical,prosthetic|
🦿|mechanical_leg|mechanical leg,accessibility,leg,mechanical,prosthetic|
🦵|leg|leg,bent,foot,kick,knee,limb|🦵🏻
🦶|foot|foot,ankle,feet,kick,stomp|🦶🏻
👂️|ear|ear,body,ears,hear,hearing,listen,listening,sound|👂🏻
🦻|ear_with_hearing_aid|ear with hearing aid,accessibility,aid,ear,hard,hearing|🦻🏻
👃|nose|nose,body,noses,nosey,odor,smell,smells|👃🏻
🧠|brain|brain,intelligent,smart|
🫀|anatomical_heart|anatomical heart,anatomical,beat,cardiology,heart,heartbeat,organ,pulse|
🫁|lungs|lungs,breath,breathe,exhalation,inhalation,lung,organ,respiration|
🦷|tooth|tooth,dentist,pearly,teeth,white|
🦴|bone|bone,bones,dog,skeleton,wishbone|
👀|eyes|eyes,body,eye,face,googly,look,looking,omg,peep,see,seeing|
👁️|eye|eye,1,body,one|
👅|tongue|tongue,body,lick,slurp|
👄|lips|mouth,beauty,body,kiss,kissing,lipstick|
🫦|biting_lip|biting lip,anxious,bite,biting,fear,flirt,flirting,kiss,lip,lipstick,nervous|
👶|baby|baby,babies,children,goo,infant,newborn,pregnant,young|👶🏻
🧒|child|child,bright-eyed,grandchild,kid,young,younger|🧒🏻
👦|boy|boy,bright-eyed,child,grandson,kid,son,young,younger|👦🏻
👧|girl|girl,bright-eyed,child,daughter,granddaughter,kid,virgo,young,younger,zodiac|👧🏻
🧑|adult|person|🧑🏻
👱|blond_haired_person|person: blond hair,blond,blond-haired,human,person|👱🏻
👨|man|man,adult,bro|👨🏻
🧔|bearded_person|person: beard,beard,bearded,person,whiskers|🧔🏻
🧔‍♂️|man_beard|man: beard,beard,bearded,man,whiskers|🧔🏻‍♂️
🧔‍♀️|woman_beard|woman: beard,beard,bearded,whiskers,woman|🧔🏻‍♀️
👨‍🦰|red_haired_man|man: red hair,adult,bro,man,red hair|👨🏻‍🦰
👨‍🦱|curly_haired_man|man: curly hair,adult,bro,curly hair,man|👨🏻‍🦱
👨‍🦳|white_haired_man|man: white hair,adult,bro,man,white hair|👨🏻‍🦳
👨‍🦲|bald_man|man: bald,adult,bald,bro,man|👨🏻‍🦲
👩|woman|woman,adult,lady|👩🏻
👩‍🦰|red_haired_woman|woman: red hair,adult,lady,red hair,woman|👩🏻‍🦰
🧑‍🦰|person_red_hair|person: red hair,adult,person,red hair|🧑🏻‍🦰
👩‍🦱|curly_haired_woman|woman: curly hair,adult,curly hair,lady,woman|👩🏻‍🦱
🧑‍🦱|person_curly_hair|person: curly hair,adult,curly hair,person|🧑🏻‍🦱
👩‍🦳|white_haired_woman|woman: white hair,adult,lady,white hair,woman|👩🏻‍🦳
🧑‍🦳|person_white_hair|person: white hair,adult,person,white hair|🧑🏻‍🦳
👩‍🦲|bald_woman|woman: bald,adult,bald,lady,woman|👩🏻‍🦲
🧑‍🦲|person_bald|person: bald,adult,bald,person|🧑🏻‍🦲
👱‍♀️|blond_haired_woman|woman: blond hair,blonde_woman,blond,blond-haired,blonde,hair|👱🏻‍♀️
👱‍♂️|blond_haired_man|man: blond hair,blond,blond-haired,hair,man|👱🏻‍♂️
🧓|older_adult|older person,adult,elderly,grandparent,old,person,wise|🧓🏻
👴|older_man|old man,adult,bald,elderly,gramps,grandfather,grandpa,man,old,wise|👴🏻
👵|older_woman|old woman,adult,elderly,grandma,grandmother,granny,lady,old,wise,woman|👵🏻
🙍|frowning_person|person frowning,annoyed,disappointed,disgruntled,disturbed,frown|🙍🏻
🙍‍♂️|frowning_man|man frowning,annoyed,disappointed,disgruntled,disturbed,frown|🙍🏻‍♂️
🙍‍♀️|frowning_woman|woman frowning,annoyed,disappointed,disgruntled,disturbed,frown|🙍🏻‍♀️
🙎|pouting_face|person pouting,disappointed,downtrodden,frown,grimace,person,pouting,scowl|🙎🏻
🙎‍♂️|pouting_man|man pouting,disappointed,downtrodden,frown,grimace,man,pouting,scowl|🙎🏻‍♂️
🙎‍♀️|pouting_woman|woman pouting,disappointed,downtrodden,frown,grimace,pouting,scowl|🙎🏻‍♀️
🙅|no_good|person gesturing no,forbidden,gesture,hand,no,not,person,prohibit|🙅🏻
🙅‍♂️|ng_man|man gesturing no,no_good_man,forbidden,gesture,hand,man,no,not,prohibit|🙅🏻‍♂️
🙅‍♀️|ng_woman|woman gesturing no,no_good_woman,forbidden,gesture,hand,no,not,prohibit|🙅🏻‍♀️
🙆|ok_person|person gesturing ok,exercise,gesture,gesturing,hand,ok,omg,person|🙆🏻
🙆‍♂️|ok_man|man gesturing ok,exercise,gesture,gesturing,hand,man,ok,omg|🙆🏻‍♂️
🙆‍♀️|ok_woman|woman gesturing ok,exercise,gesture,gesturing,hand,ok,omg,woman|🙆🏻‍♀️
💁|information_desk_person|person tipping hand,tipping_hand_person,fetch,flick,flip,gossip|💁🏻
💁‍♂️|sassy_man|man tipping hand,tipping_hand_man,fetch,flick,flip,gossip,hand,man|💁🏻‍♂️
💁‍♀️|sassy_woman|woman tipping hand,tipping_hand_woman,fetch,flick,flip,gossip,hand|💁🏻‍♀️
🙋|raising_hand|person raising hand,gesture,hand,here,know,me,person,pick,question,raise|🙋🏻
🙋‍♂️|raising_hand_man|man raising hand,gesture,hand,here,know,man,me,pick,question|🙋🏻‍♂️
🙋‍♀️|raising_hand_woman|woman raising hand,gesture,hand,here,know,me,pick,question|🙋🏻‍♀️
🧏|deaf_person|deaf person,accessibility,deaf,ear,gesture,hear,person|🧏🏻
🧏‍♂️|deaf_man|deaf man,accessibility,deaf,ear,gesture,hear,man|🧏🏻‍♂️
🧏‍♀️|deaf_woman|deaf woman,accessibility,deaf,ear,gesture,hear,woman|🧏🏻‍♀️
🙇|bow|person bowing,apology,ask,beg,bowing,favor,forgive,gesture,meditate,meditation|🙇🏻
🙇‍♂️|bowing_man|man bowing,apology,ask,beg,bow,bowing,favor,forgive,gesture,man|🙇🏻‍♂️
🙇‍♀️|bowing_woman|woman bowing,apology,ask,beg,bow,bowing,favor,forgive,gesture|🙇🏻‍♀️
🤦|facepalm|person facepalming,again,bewilder,disbelief,exasperation,no,not,oh,omg,person|🤦🏻
🤦‍♂️|man_facepalming|man facepalming,again,bewilder,disbelief,exasperation,facepalm|🤦🏻‍♂️
🤦‍♀️|woman_facepalming|woman facepalming,again,bewilder,disbelief,exasperation|🤦🏻‍♀️
🤷|shrug|person shrugging,doubt,dunno,guess,idk,ignorance,indifference,knows,maybe,person|🤷🏻
🤷‍♂️|man_shrugging|man shrugging,doubt,dunno,guess,idk,ignorance,indifference,knows|🤷🏻‍♂️
🤷‍♀️|woman_shrugging|woman shrugging,doubt,dunno,guess,idk,ignorance,indifference|🤷🏻‍♀️
🧑‍⚕️|health_worker|health worker,doctor,health,healthcare,nurse,therapist,worker|🧑🏻‍⚕️
👨‍⚕️|man_health_worker|man health worker,doctor,health,healthcare,man,nurse,therapist|👨🏻‍⚕️
👩‍⚕️|woman_health_worker|woman health worker,doctor,health,healthcare,nurse,therapist|👩🏻‍⚕️
🧑‍🎓|student|student,graduate|🧑🏻‍🎓
👨‍🎓|man_student|man student,graduate,man,student|👨🏻‍🎓
👩‍🎓|woman_student|woman student,graduate,student,woman|👩🏻‍🎓
🧑‍🏫|teacher|teacher,instructor,lecturer,professor|🧑🏻‍🏫
👨‍🏫|man_teacher|man teacher,instructor,lecturer,man,professor,teacher|👨🏻‍🏫
👩‍🏫|woman_teacher|woman teacher,instructor,lecturer,professor,teacher,woman|👩🏻‍🏫
🧑‍⚖️|judge|judge,justice,law,scales|🧑🏻‍⚖️
👨‍⚖️|man_judge|man judge,judge,justice,law,man,scales|👨🏻‍⚖️
👩‍⚖️|woman_judge|woman judge,judge,justice,law,scales,woman|👩🏻‍⚖️
🧑‍🌾|farmer|farmer,gardener,rancher|🧑🏻‍🌾
👨‍🌾|man_farmer|man farmer,farmer,gardener,man,rancher|👨🏻‍🌾
👩‍🌾|woman_farmer|woman farmer,farmer,gardener,rancher,woman|👩🏻‍🌾
🧑‍🍳|cook|cook,chef|🧑🏻‍🍳
👨‍🍳|man_cook|man cook,chef,cook,man|👨🏻‍🍳
👩‍🍳|woman_cook|woman cook,chef,cook,woman|👩🏻‍🍳
🧑‍🔧|mechanic|mechanic,electrician,plumber,tradesperson|🧑🏻‍🔧
👨‍🔧|man_mechanic|man mechanic,electrician,man,mechanic,plumber,tradesperson|👨🏻‍🔧
👩‍🔧|woman_mechanic|woman mechanic,electrician,mechanic,plumber,tradesperson,woman|👩🏻‍🔧
🧑‍🏭|factory_worker|factory worker,assembly,factory,industrial,worker|🧑🏻‍🏭
👨‍🏭|man_factory_worker|man factory worker,assembly,factory,industrial,man,worker|👨🏻‍🏭
👩‍🏭|woman_factory_worker|woman factory worker,assembly,factory,industrial,woman,worker|👩🏻‍🏭
🧑‍💼|office_worker|office worker,architect,business,manager,office,white-collar,worker|🧑🏻‍💼
👨‍💼|man_office_worker|man office worker,architect,business,man,manager,office|👨🏻‍💼
👩‍💼|woman_office_worker|woman office worker,architect,business,manager,office|👩🏻‍💼
🧑‍🔬|scientist|scientist,biologist,chemist,engineer,mathematician,physicist|🧑🏻‍🔬
👨‍🔬|man_scientist|man scientist,biologist,chemist,engineer,man,mathematician,physicist|👨🏻‍🔬
👩‍🔬|woman_scientist|woman scientist,biologist,chemist,engineer,mathematician,physicist|👩🏻‍🔬
🧑‍💻|technologist|technologist,coder,computer,developer,inventor,software|🧑🏻‍💻
👨‍💻|man_technologist|man technologist,coder,computer,developer,inventor,man,software|👨🏻‍💻
👩‍💻|woman_technologist|woman technologist,coder,computer,developer,inventor,software|👩🏻‍💻
🧑‍🎤|singer|singer,actor,entertainer,rock,rockstar,star|🧑🏻‍🎤
👨‍🎤|man_singer|man singer,actor,entertainer,man,rock,rockstar,singer,star|👨🏻‍🎤
👩‍🎤|woman_singer|woman singer,actor,entertainer,rock,rockstar,singer,star,woman|👩🏻‍🎤
🧑‍🎨|artist|artist,palette|🧑🏻‍🎨
👨‍🎨|man_artist|man artist,artist,man,palette|👨🏻‍🎨
👩‍🎨|woman_artist|woman artist,artist,palette,woman|👩🏻‍🎨
🧑‍✈️|pilot|pilot,plane|🧑🏻‍✈️
👨‍✈️|man_pilot|man pilot,man,pilot,plane|👨🏻‍✈️
👩‍✈️|woman_pilot|woman pilot,pilot,plane,woman|👩🏻‍✈️
🧑‍🚀|astronaut|astronaut,rocket,space|🧑🏻‍🚀
👨‍🚀|man_astronaut|man astronaut,astronaut,man,rocket,space|👨🏻‍🚀
👩‍🚀|woman_astronaut|woman astronaut,astronaut,rocket,space,woman|👩🏻‍🚀
🧑‍🚒|firefighter|firefighter,fire,firetruck|🧑🏻‍🚒
👨‍🚒|man_firefighter|man firefighter,fire,firefighter,firetruck,man|👨🏻‍🚒
👩‍🚒|woman_firefighter|woman firefighter,fire,firefighter,firetruck,woman|👩🏻‍🚒
👮|cop|police officer,police_officer,apprehend,arrest,citation,law,officer,over,police|👮🏻
👮‍♂️|policeman|man police officer,apprehend,arrest,citation,cop,law,man,officer,over|👮🏻‍♂️
👮‍♀️|policewoman|woman police officer,apprehend,arrest,citation,cop,law,officer,over|👮🏻‍♀️
🕵️|detective|detective,sleuth,spy|🕵🏻
🕵️‍♂️|male_detective|man detective,detective,man,sleuth,spy|🕵🏻‍♂️
🕵️‍♀️|female_detective|woman detective,detective,sleuth,spy,woman|🕵🏻‍♀️
💂|guard|guard,buckingham,helmet,london,palace|💂🏻
💂‍♂️|guardsman|man guard,buckingham,guard,helmet,london,man,palace|💂🏻‍♂️
💂‍♀️|guardswoman|woman guard,buckingham,guard,helmet,london,palace,woman|💂🏻‍♀️
🥷|ninja|ninja,assassin,fight,fighter,hidden,person,secret,skills,sly,soldier,stealth,war|🥷🏻
👷|construction_worker|construction worker,build,construction,fix,hardhat,hat,man,person|👷🏻
👷‍♂️|construction_worker_man|man construction worker,build,construction,fix,hardhat|👷🏻‍♂️
👷‍♀️|construction_worker_woman|woman construction worker,build,construction,fix|👷🏻‍♀️
🫅|person_with_crown|person with crown,crown,monarch,noble,person,regal,royal,royalty|🫅🏻
🤴|prince|prince,crown,fairy,fairytale,fantasy,king,royal,royalty,tale|🤴🏻
👸|princess|princess,crown,fairy,fairytale,fantasy,queen,royal,royalty,tale|👸🏻
👳|person_with_turban|person wearing turban,person,turban,wearing|👳🏻
👳‍♂️|man_with_turban|man wearing turban,man,turban,wearing|👳🏻‍♂️
👳‍♀️|woman_with_turban|woman wearing turban,turban,wearing,woman|👳🏻‍♀️
👲|man_with_gua_pi_mao|person with skullcap,cap,chinese,gua,guapi,hat,mao,person,pi|👲🏻
🧕|woman_with_headscarf|woman with headscarf,bandana,head,headscarf,hijab,kerchief|🧕🏻
🤵|person_in_tuxedo|person in tuxedo,formal,person,tuxedo,wedding|🤵🏻
🤵‍♂️|man_in_tuxedo|man in tuxedo,formal,groom,man,tuxedo,wedding|🤵🏻‍♂️
🤵‍♀️|woman_in_tuxedo|woman in tuxedo,formal,tuxedo,wedding,woman|🤵🏻‍♀️
👰|person_with_veil|person with veil,person,veil,wedding|👰🏻
👰‍♂️|man_with_veil|man with veil,man,veil,wedding|👰🏻‍♂️
👰‍♀️|bride_with_veil|woman with veil,woman_with_veil,bride,veil,wedding,woman|👰🏻‍♀️
🤰|pregnant_woman|pregnant woman,pregnant,woman|🤰🏻
🫃|pregnant_man|pregnant man,belly,bloated,full,man,overeat,pregnant|🫃🏻
🫄|pregnant_person|pregnant person,belly,bloated,full,overeat,person,pregnant,stuffed|🫄🏻
🤱|breast_feeding|breast-feeding,baby,breast,feeding,mom,mother,nursing,woman|🤱🏻
👩‍🍼|woman_feeding_baby|woman feeding baby,baby,feed,feeding,mom,mother,nanny,newborn|👩🏻‍🍼
👨‍🍼|man_feeding_baby|man feeding baby,baby,dad,father,feed,feeding,man,nanny,newborn|👨🏻‍🍼
🧑‍🍼|person_feeding_baby|person feeding baby,baby,feed,feeding,nanny,newborn,nursing|🧑🏻‍🍼
👼|angel|baby angel,baby,church,face,fairy,fairytale,fantasy,tale|👼🏻
🎅|santa|santa claus,celebration,christmas,claus,fairy,fantasy,father,holiday,merry,tale|🎅🏻
🤶|mrs_claus|mrs. claus,celebration,christmas,claus,fairy,fantasy,holiday,merry,mother,mrs|🤶🏻
🧑‍🎄|mx_claus|mx claus,celebration,christmas,claus,fairy,fantasy,holiday,merry,mx,santa|🧑🏻‍🎄
🦸|superhero|superhero,good,hero,superpower|🦸🏻
🦸‍♂️|superhero_man|man superhero,good,hero,man,superhero,superpower|🦸🏻‍♂️
🦸‍♀️|superhero_woman|woman superhero,good,hero,heroine,superhero,superpower,woman|🦸🏻‍♀️
🦹|supervillain|supervillain,bad,criminal,evil,superpower,villain|🦹🏻
🦹‍♂️|supervillain_man|man supervillain,bad,criminal,evil,man,superpower,supervillain|🦹🏻‍♂️
🦹‍♀️|supervillain_woman|woman supervillain,bad,criminal,evil,superpower,supervillain|🦹🏻‍♀️
🧙|mage|mage,fantasy,magic,play,sorcerer,sorceress,sorcery,spell,summon,witch,wizard|🧙🏻
🧙‍♂️|mage_man|man mage,fantasy,mage,magic,man,play,sorcerer,sorceress,sorcery,spell|🧙🏻‍♂️
🧙‍♀️|mage_woman|woman mage,fantasy,mage,magic,play,sorcerer,sorceress,sorcery,spell|🧙🏻‍♀️
🧚|fairy|fairy,fairytale,fantasy,myth,person,pixie,tale,wings|🧚🏻
🧚‍♂️|fairy_man|man fairy,fairy,fairytale,fantasy,man,myth,oberon,person,pixie,puck|🧚🏻‍♂️
🧚‍♀️|fairy_woman|woman fairy,fairy,fairytale,fantasy,myth,person,pixie,tale,titania|🧚🏻‍♀️
🧛|vampire|vampire,blood,dracula,fangs,halloween,scary,supernatural,teeth,undead|🧛🏻
🧛‍♂️|vampire_man|man vampire,blood,fangs,halloween,man,scary,supernatural,teeth,undead|🧛🏻‍♂️
🧛‍♀️|vampire_woman|woman vampire,blood,fangs,halloween,scary,supernatural,teeth,undead|🧛🏻‍♀️
🧜|merperson|merperson,creature,fairytale,folklore,ocean,sea,siren,trident|🧜🏻
🧜‍♂️|merman|merman,creature,fairytale,folklore,neptune,ocean,poseidon,sea,siren|🧜🏻‍♂️
🧜‍♀️|mermaid|mermaid,creature,fairytale,folklore,merwoman,ocean,sea,siren,trident|🧜🏻‍♀️
🧝|elf|elf,elves,enchantment,fantasy,folklore,magic,magical,myth|🧝🏻
🧝‍♂️|elf_man|man elf,elf,elves,enchantment,fantasy,folklore,magic,magical,man,myth|🧝🏻‍♂️
🧝‍♀️|elf_woman|woman elf,elf,elves,enchantment,fantasy,folklore,magic,magical,myth|🧝🏻‍♀️
🧞|genie|genie,djinn,fantasy,jinn,lamp,myth,rub,wishes|
🧞‍♂️|genie_man|man genie,djinn,fantasy,genie,jinn,lamp,man,myth,rub,wishes|
🧞‍♀️|genie_woman|woman genie,djinn,fantasy,genie,jinn,lamp,myth,rub,wishes,woman|
🧟|zombie|zombie,apocalypse,dead,halloween,horror,scary,undead,walking|
🧟‍♂️|zombie_man|man zombie,apocalypse,dead,halloween,horror,man,scary,undead,walking,zombie|
🧟‍♀️|zombie_woman|woman zombie,apocalypse,dead,halloween,horror,scary,undead,walking,woman|
🧌|troll|troll,fairy,fantasy,monster,tale,trolling|
💆|massage|person getting massage,face,getting,headache,person,relax,relaxing,salon,soothe|💆🏻
💆‍♂️|massage_man|man getting massage,face,getting,headache,man,massage,relax,relaxing|💆🏻‍♂️
💆‍♀️|massage_woman|woman getting massage,face,getting,headache,massage,relax,relaxing|💆🏻‍♀️
💇|haircut|person getting haircut,barber,beauty,chop,cosmetology,cut,groom,hair,parlor|💇🏻
💇‍♂️|haircut_man|man getting haircut,barber,beauty,chop,cosmetology,cut,groom,hair|💇🏻‍♂️
💇‍♀️|haircut_woman|woman getting haircut,barber,beauty,chop,cosmetology,cut,groom,hair|💇🏻‍♀️
🚶|walking|person walking,amble,gait,hike,man,pace,pedestrian,person,stride,stroll,walk|🚶🏻
🚶‍♂️|walking_man|man walking,amble,gait,hike,man,pace,pedestrian,stride,stroll,walk|🚶🏻‍♂️
🚶‍♀️|walking_woman|woman walking,amble,gait,hike,man,pace,pedestrian,stride,stroll|🚶🏻‍♀️
🧍|standing_person|person standing,person,stand,standing|🧍🏻
🧍‍♂️|standing_man|man standing,man,stand,standing|🧍🏻‍♂️
🧍‍♀️|standing_woman|woman standing,stand,standing,woman|🧍🏻‍♀️
🧎|kneeling_person|person kneeling,kneel,kneeling,knees,person|🧎🏻
🧎‍♂️|kneeling_man|man kneeling,kneel,kneeling,knees,man|🧎🏻‍♂️
🧎‍♀️|kneeling_woman|woman kneeling,kneel,kneeling,knees,woman|🧎🏻‍♀️
🧑‍🦯|person_with_probing_cane|person with white cane,accessibility,blind,cane,person|🧑🏻‍🦯
👨‍🦯|man_with_probing_cane|man with white cane,accessibility,blind,cane,man,probing|👨🏻‍🦯
👩‍🦯|woman_with_probing_cane|woman with white cane,accessibility,blind,cane,probing|👩🏻‍🦯
🧑‍🦼|person_in_motorized_wheelchair|person in motorized wheelchair,accessibility|🧑🏻‍🦼
👨‍🦼|man_in_motorized_wheelchair|man in motorized wheelchair,accessibility,man,motorized|👨🏻‍🦼
👩‍🦼|woman_in_motorized_wheelchair|woman in motorized wheelchair,accessibility,motorized|👩🏻‍🦼
🧑‍🦽|person_in_manual_wheelchair|person in manual wheelchair,accessibility,manual,person|🧑🏻‍🦽
👨‍🦽|man_in_manual_wheelchair|man in manual wheelchair,accessibility,man,manual|👨🏻‍🦽
👩‍🦽|woman_in_manual_wheelchair|woman in manual wheelchair,accessibility,manual|👩🏻‍🦽
🏃|runner|person running,running,fast,hurry,marathon,move,person,quick,race,racing,run|🏃🏻
🏃‍♂️|running_man|man running,fast,hurry,man,marathon,move,quick,race,racing,run,rush|🏃🏻‍♂️
🏃‍♀️|running_woman|woman running,fast,hurry,marathon,move,quick,race,racing,run,rush|🏃🏻‍♀️
💃|dancer|woman dancing,woman_dancing,dance,dancing,elegant,festive,flair,flamenco,groove|💃🏻
🕺|man_dancing|man dancing,dance,dancer,dancing,elegant,festive,flair,flamenco,groove|🕺🏻
🕴️|business_suit_levitating|person in suit levitating,business,levitating,person,suit|🕴🏻
👯|dancers|people with bunny ears,bestie,bff,bunny,counterpart,dancer,double,ear,identical|
👯‍♂️|dancing_men|men with bunny ears,bestie,bff,bunny,counterpart,dancer,double,ear|
👯‍♀️|dancing_women|women with bunny ears,bestie,bff,bunny,counterpart,dancer,double,ear|
🧖|sauna_person|person in steamy room,day,luxurious,pamper,person,relax,room,sauna,spa|🧖🏻
🧖‍♂️|sauna_man|man in steamy room,day,luxurious,man,pamper,relax,room,sauna,spa,steam|🧖🏻‍♂️
🧖‍♀️|sauna_woman|woman in steamy room,day,luxurious,pamper,relax,room,sauna,spa,steam|🧖🏻‍♀️
🧗|climbing|person climbing,climb,climber,mountain,person,rock,scale,up|🧗🏻
🧗‍♂️|climbing_man|man climbing,climb,climber,climbing,man,mountain,rock,scale,up|🧗🏻‍♂️
🧗‍♀️|climbing_woman|woman climbing,climb,climber,climbing,mountain,rock,scale,up,woman|🧗🏻‍♀️
🤺|person_fencing|person fencing,fencer,fencing,person,sword|
🏇|horse_racing|horse racing,horse,jockey,racehorse,racing,riding,sport|🏇🏻
⛷️|skier|skier,ski,snow|
🏂️|snowboarder|snowboarder,ski,snow,snowboard,sport|🏂🏻
🏌️|golfing|person golfing,ball,birdie,caddy,driving,golf,green,person,pga,putt,range,tee|🏌🏻
🏌️‍♂️|golfing_man|man golfing,ball,birdie,caddy,driving,golf,golfing,green,man,pga|🏌🏻‍♂️
🏌️‍♀️|golfing_woman|woman golfing,ball,birdie,caddy,driving,golf,golfing,green,pga|🏌🏻‍♀️
🏄️|surfer|person surfing,beach,ocean,person,sport,surf,surfing,swell,waves|🏄🏻
🏄‍♂️|surfing_man|man surfing,beach,man,ocean,sport,surf,surfer,surfing,swell,waves|🏄🏻‍♂️
🏄‍♀️|surfing_woman|woman surfing,beach,ocean,person,sport,surf,surfer,surfing,swell|🏄🏻‍♀️
🚣|rowboat|person rowing boat,boat,canoe,cruise,fishing,lake,oar,paddle,person,raft,river|🚣🏻
🚣‍♂️|rowing_man|man rowing boat,boat,canoe,cruise,fishing,lake,man,oar,paddle,raft|🚣🏻‍♂️
🚣‍♀️|rowing_woman|woman rowing boat,boat,canoe,cruise,fishing,lake,oar,paddle,raft|🚣🏻‍♀️
🏊️|swimmer|person swimming,freestyle,person,sport,swim,swimming,triathlon|🏊🏻
🏊‍♂️|swimming_man|man swimming,freestyle,man,sport,swim,swimmer,swimming,triathlon|🏊🏻‍♂️
🏊‍♀️|swimming_woman|woman swimming,freestyle,man,sport,swim,swimmer,swimming,triathlon|🏊🏻‍♀️
⛹️|bouncing_ball_person|person bouncing ball,athletic,ball,basketball,bouncing|⛹🏻
⛹️‍♂️|basketball_man|man bouncing ball,bouncing_ball_man,athletic,ball,basketball|⛹🏻‍♂️
⛹️‍♀️|basketball_woman|woman bouncing ball,bouncing_ball_woman,athletic,ball|⛹🏻‍♀️
🏋️|weight_lifting|person lifting weights,barbell,bodybuilder,deadlift,lifter,lifting|🏋🏻
🏋️‍♂️|weight_lifting_man|man lifting weights,barbell,bodybuilder,deadlift,lifter|🏋🏻‍♂️
🏋️‍♀️|weight_lifting_woman|woman lifting weights,barbell,bodybuilder,deadlift,lifter|🏋🏻‍♀️
🚴|bicyclist|person biking,bicycle,bike,biking,cycle,cyclist,person,riding,sport|🚴🏻
🚴‍♂️|biking_man|man biking,bicycle,bicyclist,bike,biking,cycle,cyclist,man,riding|🚴🏻‍♂️
🚴‍♀️|biking_woman|woman biking,bicycle,bicyclist,bike,biking,cycle,cyclist,riding|🚴🏻‍♀️
🚵|mountain_bicyclist|person mountain biking,bicycle,bicyclist,bike,biking,cycle,cyclist|🚵🏻
🚵‍♂️|mountain_biking_man|man mountain biking,bicycle,bicyclist,bike,biking,cycle|🚵🏻‍♂️
🚵‍♀️|mountain_biking_woman|woman mountain biking,bicycle,bicyclist,bike,biking,cycle|🚵🏻‍♀️
🤸|cartwheeling|person cartwheeling,active,cartwheel,excited,flip,gymnastics,happy,person|🤸🏻
🤸‍♂️|man_cartwheeling|man cartwheeling,active,cartwheel,cartwheeling,excited,flip|🤸🏻‍♂️
🤸‍♀️|woman_cartwheeling|woman cartwheeling,active,cartwheel,cartwheeling,excited,flip|🤸🏻‍♀️
🤼|wrestling|people wrestling,combat,duel,grapple,people,ring,tournament,wrestle|
🤼‍♂️|men_wrestling|men wrestling,combat,duel,grapple,men,ring,tournament,wrestle,wrestling|
🤼‍♀️|women_wrestling|women wrestling,combat,duel,grapple,ring,tournament,women,wrestle|
🤽|water_polo|person playing water polo,person,playing,polo,sport,swimming,water,waterpolo|🤽🏻
🤽‍♂️|man_playing_water_polo|man playing water polo,man,playing,polo,sport,swimming|🤽🏻‍♂️
🤽‍♀️|woman_playing_water_polo|woman playing water polo,playing,polo,sport,swimming|🤽🏻‍♀️
🤾|handball_person|person playing handball,athletics,ball,catch,chuck,handball,hurl,lob|🤾🏻
🤾‍♂️|man_playing_handball|man playing handball,athletics,ball,catch,chuck,handball|🤾🏻‍♂️
🤾‍♀️|woman_playing_handball|woman playing handball,athletics,ball,catch,chuck,handball|🤾🏻‍♀️
🤹|juggling_person|person juggling,act,balance,balancing,handle,juggle,juggling,manage|🤹🏻
🤹‍♂️|man_juggling|man juggling,act,balance,balancing,handle,juggle,juggling,man,manage|🤹🏻‍♂️
🤹‍♀️|woman_juggling|woman juggling,act,balance,balancing,handle,juggle,juggling,manage|🤹🏻‍♀️
🧘|lotus_position|person in lotus position,cross,legged,legs,lotus,meditation,peace,person|🧘🏻
🧘‍♂️|lotus_position_man|man in lotus position,cross,legged,legs,lotus,man,meditation|🧘🏻‍♂️
🧘‍♀️|lotus_position_woman|woman in lotus position,cross,legged,legs,lotus,meditation|🧘🏻‍♀️
🛀|bath|person taking bath,bathtub,person,taking,tub|🛀🏻
🛌|sleeping_bed|person in bed,bed,bedtime,good,goodnight,hotel,nap,night,person,sleep|🛌🏻
🧑‍🤝‍🧑|people_holding_hands|people holding hands,bae,bestie,bff,couple,dating,flirt|🧑🏻‍🤝‍🧑🏻
👭|two_women_holding_hands|women holding hands,bae,bestie,bff,couple,dating,flirt,friends|👭🏻
👫|couple|woman and man holding hands,bae,bestie,bff,dating,flirt,friends,hand,hold,man|👫🏻
👬|two_men_holding_hands|men holding hands,bae,bestie,bff,boys,brothers,couple,dating|👬🏻
💏|couplekiss|kiss,anniversary,babe,bae,couple,date,dating,heart,love,mwah,person,romance|💏🏻
👩‍❤️‍💋‍👨|couplekiss_man_woman|kiss: woman, man,anniversary,babe,bae,couple,date|👩🏻‍❤️‍💋‍👨🏻
👨‍❤️‍💋‍👨|couplekiss_man_man|kiss: man, man,anniversary,babe,bae,couple,date|👨🏻‍❤️‍💋‍👨🏻
👩‍❤️‍💋‍👩|couplekiss_woman_woman|kiss: woman, woman,anniversary,babe,bae,couple|👩🏻‍❤️‍💋‍👩🏻
💑|couple_with_heart|couple with heart,anniversary,babe,bae,couple,dating,heart,kiss,love|💑🏻
👩‍❤️‍👨|couple_with_heart_woman_man|couple with heart: woman, man,anniversary,babe|👩🏻‍❤️‍👨🏻
👨‍❤️‍👨|couple_with_heart_man_man|couple with heart: man, man,anniversary,babe,bae|👨🏻‍❤️‍👨🏻
👩‍❤️‍👩|couple_with_heart_woman_woman|couple with heart: woman, woman,anniversary|👩🏻‍❤️‍👩🏻
👨‍👩‍👦|family_man_woman_boy|family: man, woman, boy,boy,child,family,man,woman|
👨‍👩‍👧|family_man_woman_girl|family: man, woman, girl,child,family,girl,man,woman|
👨‍👩‍👧‍👦|family_man_woman_girl_boy|family: man, woman, girl, boy,boy,child,family,girl,man|
👨‍👩‍👦‍👦|family_man_woman_boy_boy|family: man, woman, boy, boy,boy,child,family,man,woman|
👨‍👩‍👧‍👧|family_man_woman_girl_girl|family: man, woman, girl, girl,child,family,girl,man|
👨‍👨‍👦|family_man_man_boy|family: man, man, boy,boy,child,family,man|
👨‍👨‍👧|family_man_man_girl|family: man, man, girl,child,family,girl,man|
👨‍👨‍👧‍👦|family_man_man_girl_boy|family: man, man, girl, boy,boy,child,family,girl,man|
👨‍👨‍👦‍👦|family_man_man_boy_boy|family: man, man, boy, boy,boy,child,family,man|
👨‍👨‍👧‍👧|family_man_man_girl_girl|family: man, man, girl, girl,child,family,girl,man|
👩‍👩‍👦|family_woman_woman_boy|family: woman, woman, boy,boy,child,family,woman|
👩‍👩‍👧|family_woman_woman_girl|family: woman, woman, girl,child,family,girl,woman|
👩‍👩‍👧‍👦|family_woman_woman_girl_boy|family: woman, woman, girl, boy,boy,child,family,girl|
👩‍👩‍👦‍👦|family_woman_woman_boy_boy|family: woman, woman, boy, boy,boy,child,family,woman|
👩‍👩‍👧‍👧|family_woman_woman_girl_girl|family: woman, woman, girl, girl,child,family,girl|
👨‍👦|family_man_boy|family: man, boy,boy,child,family,man|
👨‍👦‍👦|family_man_boy_boy|family: man, boy, boy,boy,child,family,man|
👨‍👧|family_man_girl|family: man, girl,child,family,girl,man|
👨‍👧‍👦|family_man_girl_boy|family: man, girl, boy,boy,child,family,girl,man|
👨‍👧‍👧|family_man_girl_girl|family: man, girl, girl,child,family,girl,man|
👩‍👦|family_woman_boy|family: woman, boy,boy,child,family,woman|
👩‍👦‍👦|family_woman_boy_boy|family: woman, boy, boy,boy,child,family,woman|
👩‍👧|family_woman_girl|family: woman, girl,child,family,girl,woman|
👩‍👧‍👦|family_woman_girl_boy|family: woman, girl, boy,boy,child,family,girl,woman|
👩‍👧‍👧|family_woman_girl_girl|family: woman, girl, girl,child,family,girl,woman|
🗣️|speaking_head|speaking head,face,head,silhouette,speak,speaking|
👤|bust_in_silhouette|bust in silhouette,bust,mysterious,shadow,silhouette|
👥|busts_in_silhouette|busts in silhouette,bff,bust,busts,everyone,friend,friends,people|
🫂|people_hugging|people hugging,comfort,embrace,farewell,friendship,goodbye,hello,hug|
👪️|family|family,child|
👣|footprints|footprints,barefoot,clothing,footprint,omw,print,walk|`,
    `🐵|monkey_face|monkey face,animal,banana,face,monkey|
🐒|monkey|monkey,animal,banana|
🦍|gorilla|gorilla,animal|
🦧|orangutan|orangutan,animal,ape,monkey|
🐶|dog|dog face,adorbs,animal,face,pet,puppies,puppy|
🐕️|dog2|dog,animal,animals,dogs,pet|
🦮|guide_dog|guide dog,accessibility,animal,blind,dog,guide|
🐕‍🦺|service_dog|service dog,accessibility,animal,assistance,dog,service|
🐩|poodle|poodle,animal,dog,fluffy|
🐺|wolf|wolf,animal,face|
🦊|fox_face|fox,animal,face|
🦝|raccoon|raccoon,animal,curious,sly|
🐱|cat|cat face,animal,face,kitten,kitty,pet|
🐈️|cat2|cat,animal,animals,cats,kitten,pet|
🐈‍⬛|black_cat|black cat,animal,black,cat,feline,halloween,meow,unlucky|
🦁|lion|lion,alpha,animal,face,leo,mane,order,rawr,roar,safari,strong,zodiac|
🐯|tiger|tiger face,animal,big,cat,face,predator|
🐅|tiger2|tiger,animal,big,cat,predator,zoo|
🐆|leopard|leopard,animal,big,cat,predator,zoo|
🐴|horse|horse face,animal,dressage,equine,face,farm,horses|
🫎|moose|moose,alces,animal,antlers,elk,mammal|
🫏|donkey|donkey,animal,ass,burro,hinny,mammal,mule,stubborn|
🐎|racehorse|horse,animal,equestrian,farm,racing|
🦄|unicorn|unicorn,face|
🦓|zebra|zebra,animal,stripe|
🦌|deer|deer,animal|
🦬|bison|bison,animal,buffalo,herd,wisent|
🐮|cow|cow face,animal,face,farm,milk,moo|
🐂|ox|ox,animal,animals,bull,farm,taurus,zodiac|
🐃|water_buffalo|water buffalo,animal,buffalo,water,zoo|
🐄|cow2|cow,animal,animals,farm,milk,moo|
🐷|pig|pig face,animal,bacon,face,farm,pork|
🐖|pig2|pig,animal,bacon,farm,pork,sow|
🐗|boar|boar,animal,pig|
🐽|pig_nose|pig nose,animal,face,farm,nose,pig,smell,snout|
🐏|ram|ram,animal,aries,horns,male,sheep,zodiac,zoo|
🐑|sheep|ewe,animal,baa,farm,female,fluffy,lamb,wool|
🐐|goat|goat,animal,capricorn,farm,milk,zodiac|
🐪|dromedary_camel|camel,animal,desert,dromedary,hump,one|
🐫|camel|two-hump camel,animal,bactrian,desert,hump,two,two-hump|
🦙|llama|llama,alpaca,animal,guanaco,vicuña,wool|
🦒|giraffe|giraffe,animal,spots|
🐘|elephant|elephant,animal|
🦣|mammoth|mammoth,animal,extinction,large,tusk,wooly|
🦏|rhinoceros|rhinoceros,animal|
🦛|hippopotamus|hippopotamus,animal,hippo|
🐭|mouse|mouse face,animal,face|
🐁|mouse2|mouse,animal,animals|
🐀|rat|rat,animal|
🐹|hamster|hamster,animal,face,pet|
🐰|rabbit|rabbit face,animal,bunny,face,pet|
🐇|rabbit2|rabbit,animal,bunny,pet|
🐿️|chipmunk|chipmunk,animal,squirrel|
🦫|beaver|beaver,animal,dam,teeth|
🦔|hedgehog|hedgehog,animal,spiny|
🦇|bat|bat,animal,vampire|
🐻|bear|bear,animal,face,grizzly,growl,honey|
🐻‍❄️|polar_bear|polar bear,animal,arctic,bear,polar,white|
🐨|koala|koala,animal,australia,bear,down,face,marsupial,under|
🐼|panda_face|panda,animal,bamboo,face|
🦥|sloth|sloth,lazy,slow|
🦦|otter|otter,animal,fishing,playful|
🦨|skunk|skunk,animal,stink|
🦘|kangaroo|kangaroo,animal,joey,jump,marsupial|
🦡|badger|badger,animal,honey,pester|
🐾|feet|paw prints,paw_prints,paw,paws,print,prints|
🦃|turkey|turkey,bird,gobble,thanksgiving|
🐔|chicken|chicken,animal,bird,ornithology|
🐓|rooster|rooster,animal,bird,ornithology|
🐣|hatching_chick|hatching chick,animal,baby,bird,chick,egg,hatching|
🐤|baby_chick|baby chick,animal,baby,bird,chick,ornithology|
🐥|hatched_chick|front-facing baby chick,animal,baby,bird,chick,front-facing,newborn|
🐦️|bird|bird,animal,ornithology|
🐧|penguin|penguin,animal,antarctica,bird,ornithology|
🕊️|dove|dove,bird,fly,ornithology,peace|
🦅|eagle|eagle,animal,bird,ornithology|
🦆|duck|duck,animal,bird,ornithology|
🦢|swan|swan,animal,bird,cygnet,duckling,ornithology,ugly|
🦉|owl|owl,animal,bird,ornithology,wise|
🦤|dodo|dodo,animal,bird,extinction,large,ornithology|
🪶|feather|feather,bird,flight,light,plumage|
🦩|flamingo|flamingo,animal,bird,flamboyant,ornithology,tropical|
🦚|peacock|peacock,animal,bird,colorful,ornithology,ostentatious,peahen,pretty,proud|
🦜|parrot|parrot,animal,bird,ornithology,pirate,talk|
🪽|wing|wing,angelic,ascend,aviation,bird,fly,flying,heavenly,mythology,soar|
🐦‍⬛|black_bird|black bird,animal,beak,bird,black,caw,corvid,crow,ornithology,raven,rook|
🪿|goose|goose,animal,bird,duck,flock,fowl,gaggle,gander,geese,honk,ornithology,silly|
🐸|frog|frog,animal,face|
🐊|crocodile|crocodile,animal,zoo|
🐢|turtle|turtle,animal,terrapin,tortoise|
🦎|lizard|lizard,animal,reptile|
🐍|snake|snake,animal,bearer,ophiuchus,serpent,zodiac|
🐲|dragon_face|dragon face,animal,dragon,face,fairy,fairytale,tale|
🐉|dragon|dragon,animal,fairy,fairytale,knights,tale|
🦕|sauropod|sauropod,brachiosaurus,brontosaurus,dinosaur,diplodocus|
🦖|t-rex|t-rex,dinosaur,rex,t,tyrannosaurus|
🐳|whale|spouting whale,animal,beach,face,ocean,spouting|
🐋|whale2|whale,animal,beach,ocean|
🐬|dolphin|dolphin,flipper,animal,beach,ocean|
🦭|seal|seal,animal,lion,ocean,sea|
🐟️|fish|fish,animal,dinner,fishes,fishing,pisces,zodiac|
🐠|tropical_fish|tropical fish,animal,fish,fishes,tropical|
🐡|blowfish|blowfish,animal,fish|
🦈|shark|shark,animal,fish|
🐙|octopus|octopus,animal,creature,ocean|
🐚|shell|spiral shell,animal,beach,conch,sea,spiral|
🪸|coral|coral,change,climate,ocean,reef,sea|
🪼|jellyfish|jellyfish,animal,aquarium,burn,invertebrate,jelly,life,marine,ocean,ouch|
🦀|crab|crab,cancer,zodiac|
🦞|lobster|lobster,animal,bisque,claws,seafood|
🦐|shrimp|shrimp,food,shellfish,small|
🦑|squid|squid,animal,food,mollusk|
🦪|oyster|oyster,diving,pearl|
🐌|snail|snail,animal,escargot,garden,nature,slug|
🦋|butterfly|butterfly,insect,pretty|
🐛|bug|bug,animal,garden,insect|
🐜|ant|ant,animal,garden,insect|
🐝|bee|honeybee,honeybee,animal,bumblebee,honey,insect,nature,spring|
🪲|beetle|beetle,animal,bug,insect|
🐞|lady_beetle|lady beetle,animal,beetle,garden,insect,lady,ladybird,ladybug,nature|
🦗|cricket|cricket,animal,bug,grasshopper,insect,orthoptera|
🪳|cockroach|cockroach,animal,insect,pest,roach|
🕷️|spider|spider,animal,insect|
🕸️|spider_web|spider web,spider,web|
🦂|scorpion|scorpion,scorpio,scorpius,zodiac|
🦟|mosquito|mosquito,bite,disease,fever,insect,malaria,pest,virus|
🪰|fly|fly,animal,disease,insect,maggot,pest,rotting|
🪱|worm|worm,animal,annelid,earthworm,parasite|
🦠|microbe|microbe,amoeba,bacteria,science,virus|
💐|bouquet|bouquet,anniversary,birthday,date,flower,love,plant,romance|
🌸|cherry_blossom|cherry blossom,blossom,cherry,flower,plant,spring,springtime|
💮|white_flower|white flower,flower,white|
🪷|lotus|lotus,beauty,buddhism,calm,flower,hinduism,peace,purity,serenity|
🏵️|rosette|rosette,plant|
🌹|rose|rose,beauty,elegant,flower,love,plant,red,valentine|
🥀|wilted_flower|wilted flower,dying,flower,wilted|
🌺|hibiscus|hibiscus,flower,plant|
🌻|sunflower|sunflower,flower,outdoors,plant,sun|
🌼|blossom|blossom,buttercup,dandelion,flower,plant|
🌷|tulip|tulip,blossom,flower,growth,plant|
🪻|hyacinth|hyacinth,bloom,bluebonnet,flower,indigo,lavender,lilac,lupine,plant,purple,shrub|
🌱|seedling|seedling,plant,sapling,sprout,young|
🪴|potted_plant|potted plant,decor,grow,house,nurturing,plant,pot,potted|
🌲|evergreen_tree|evergreen tree,christmas,evergreen,forest,pine,tree|
🌳|deciduous_tree|deciduous tree,deciduous,forest,green,habitat,shedding,tree|
🌴|palm_tree|palm tree,beach,palm,plant,tree,tropical|
🌵|cactus|cactus,desert,drought,nature,plant|
🌾|ear_of_rice|sheaf of rice,ear,grain,grains,plant,rice,sheaf|
🌿|herb|herb,leaf,plant|
☘️|shamrock|shamrock,irish,plant|
🍀|four_leaf_clover|four leaf clover,4,clover,four,four-leaf,irish,leaf,lucky,plant|
🍁|maple_leaf|maple leaf,falling,leaf,maple|
🍂|fallen_leaf|fallen leaf,autumn,fall,fallen,falling,leaf|
🍃|leaves|leaf fluttering in wind,blow,flutter,fluttering,leaf,wind|
🪹|empty_nest|empty nest,branch,empty,home,nest,nesting|
🪺|nest_with_eggs|nest with eggs,bird,branch,egg,eggs,nest,nesting|
🍄|mushroom|mushroom,fungus,toadstool|`,
    `🍇|grapes|grapes,dionysus,fruit,grape|
🍈|melon|melon,cantaloupe,fruit|
🍉|watermelon|watermelon,fruit|
🍊|mandarin|tangerine,orange,tangerine,c,citrus,fruit,nectarine,vitamin|
🍋|lemon|lemon,citrus,fruit,sour|
🍌|banana|banana,fruit,potassium|
🍍|pineapple|pineapple,colada,fruit,pina,tropical|
🥭|mango|mango,food,fruit,tropical|
🍎|apple|red apple,diet,food,fruit,health,red,ripe|
🍏|green_apple|green apple,apple,fruit,green|
🍐|pear|pear,fruit|
🍑|peach|peach,fruit|
🍒|cherries|cherries,berries,cherry,fruit,red|
🍓|strawberry|strawberry,berry,fruit|
🫐|blueberries|blueberries,berries,berry,bilberry,blue,blueberry,food,fruit|
🥝|kiwi_fruit|kiwi fruit,food,fruit,kiwi|
🍅|tomato|tomato,food,fruit,vegetable|
🫒|olive|olive,food|
🥥|coconut|coconut,colada,palm,piña|
🥑|avocado|avocado,food,fruit|
🍆|eggplant|eggplant,aubergine,vegetable|
🥔|potato|potato,food,vegetable|
🥕|carrot|carrot,food,vegetable|
🌽|corn|ear of corn,crops,ear,farm,maize,maze|
🌶️|hot_pepper|hot pepper,hot,pepper|
🫑|bell_pepper|bell pepper,bell,capsicum,food,pepper,vegetable|
🥒|cucumber|cucumber,food,pickle,vegetable|
🥬|leafy_green|leafy green,bok,burgers,cabbage,choy,green,kale,leafy,lettuce,salad|
🥦|broccoli|broccoli,cabbage,wild|
🧄|garlic|garlic,flavoring|
🧅|onion|onion,flavoring|
🥜|peanuts|peanuts,food,nut,peanut,vegetable|
🫘|beans|beans,food,kidney,legume,small|
🌰|chestnut|chestnut,almond,plant|
🫚|ginger_root|ginger root,beer,ginger,health,herb,natural,root,spice|
🫛|pea_pod|pea pod,beans,beanstalk,edamame,legume,pea,pod,soybean,vegetable,veggie|
🍞|bread|bread,carbs,food,grain,loaf,restaurant,toast,wheat|
🥐|croissant|croissant,bread,breakfast,crescent,food,french,roll|
🥖|baguette_bread|baguette bread,baguette,bread,food,french|
🫓|flatbread|flatbread,arepa,bread,food,gordita,lavash,naan,pita|
🥨|pretzel|pretzel,convoluted,twisted|
🥯|bagel|bagel,bakery,bread,breakfast,schmear|
🥞|pancakes|pancakes,breakfast,crêpe,food,hotcake,pancake|
🧇|waffle|waffle,breakfast,indecisive,iron|
🧀|cheese|cheese wedge,wedge|
🍖|meat_on_bone|meat on bone,bone,meat|
🍗|poultry_leg|poultry leg,bone,chicken,drumstick,hungry,leg,poultry,turkey|
🥩|cut_of_meat|cut of meat,chop,cut,lambchop,meat,porkchop,red,steak|
🥓|bacon|bacon,breakfast,food,meat|
🍔|hamburger|hamburger,burger,eat,fast,food,hungry|
🍟|fries|french fries,fast,food,french|
🍕|pizza|pizza,cheese,food,hungry,pepperoni,slice|
🌭|hotdog|hot dog,dog,frankfurter,hot,sausage|
🥪|sandwich|sandwich,bread|
🌮|taco|taco,mexican|
🌯|burrito|burrito,mexican,wrap|
🫔|tamale|tamale,food,mexican,pamonha,wrapped|
🥙|stuffed_flatbread|stuffed flatbread,falafel,flatbread,food,gyro,kebab,stuffed|
🧆|falafel|falafel,chickpea,meatball|
🥚|egg|egg,breakfast,food|
🍳|fried_egg|cooking,breakfast,easy,egg,fry,frying,over,pan,restaurant,side,sunny,up|
🥘|shallow_pan_of_food|shallow pan of food,casserole,food,paella,pan,shallow|
🍲|stew|pot of food,food,pot,soup|
🫕|fondue|fondue,cheese,chocolate,food,melted,pot,ski|
🥣|bowl_with_spoon|bowl with spoon,bowl,breakfast,cereal,congee,oatmeal,porridge,spoon|
🥗|green_salad|green salad,food,green,salad|
🍿|popcorn|popcorn,corn,movie,pop|
🧈|butter|butter,dairy|
🧂|salt|salt,condiment,flavor,mad,salty,shaker,taste,upset|
🥫|canned_food|canned food,can,canned,food|
🍱|bento|bento box,box,food|
🍘|rice_cracker|rice cracker,cracker,food,rice|
🍙|rice_ball|rice ball,ball,food,japanese,rice|
🍚|rice|cooked rice,cooked,food|
🍛|curry|curry rice,food,rice|
🍜|ramen|steaming bowl,bowl,chopsticks,food,noodle,pho,soup,steaming|
🍝|spaghetti|spaghetti,food,meatballs,pasta,restaurant|
🍠|sweet_potato|roasted sweet potato,food,potato,roasted,sweet|
🍢|oden|oden,food,kebab,restaurant,seafood,skewer,stick|
🍣|sushi|sushi,food|
🍤|fried_shrimp|fried shrimp,fried,prawn,shrimp,tempura|
🍥|fish_cake|fish cake with swirl,cake,fish,food,pastry,restaurant,swirl|
🥮|moon_cake|moon cake,autumn,cake,festival,moon,yuèbǐng|
🍡|dango|dango,dessert,japanese,skewer,stick,sweet|
🥟|dumpling|dumpling,empanada,gyōza,jiaozi,pierogi,potsticker|
🥠|fortune_cookie|fortune cookie,cookie,fortune,prophecy|
🥡|takeout_box|takeout box,box,chopsticks,delivery,food,oyster,pail,takeout|
🍦|icecream|soft ice cream,cream,dessert,food,ice,restaurant,serve,soft,sweet|
🍧|shaved_ice|shaved ice,dessert,ice,restaurant,shaved,sweet|
🍨|ice_cream|ice cream,cream,dessert,food,ice,restaurant,sweet|
🍩|doughnut|doughnut,breakfast,dessert,donut,food,sweet|
🍪|cookie|cookie,chip,chocolate,dessert,sweet|
🎂|birthday|birthday cake,bday,cake,celebration,dessert,happy,pastry,sweet|
🍰|cake|shortcake,dessert,pastry,slice,sweet|
🧁|cupcake|cupcake,bakery,dessert,sprinkles,sugar,sweet,treat|
🥧|pie|pie,apple,filling,fruit,meat,pastry,pumpkin,slice|
🍫|chocolate_bar|chocolate bar,bar,candy,chocolate,dessert,halloween,sweet,tooth|
🍬|candy|candy,cavities,dessert,halloween,restaurant,sweet,tooth,wrapper|
🍭|lollipop|lollipop,candy,dessert,food,restaurant,sweet|
🍮|custard|custard,dessert,pudding,sweet|
🍯|honey_pot|honey pot,barrel,bear,food,honey,honeypot,jar,pot,sweet|
🍼|baby_bottle|baby bottle,babies,baby,birth,born,bottle,drink,infant,milk,newborn|
🥛|milk_glass|glass of milk,drink,glass,milk|
☕️|coffee|hot beverage,beverage,cafe,caffeine,chai,drink,hot,morning,steaming,tea|
🫖|teapot|teapot,brew,drink,food,pot,tea|
🍵|tea|teacup without handle,beverage,cup,drink,handle,oolong,teacup|
🍶|sake|sake,bar,beverage,bottle,cup,drink,restaurant|
🍾|champagne|bottle with popping cork,bar,bottle,cork,drink,popping|
🍷|wine_glass|wine glass,alcohol,bar,beverage,booze,club,drink,drinking,drinks,glass|
🍸️|cocktail|cocktail glass,alcohol,bar,booze,club,drink,drinking,drinks,glass,mad,martini|
🍹|tropical_drink|tropical drink,alcohol,bar,booze,club,cocktail,drink,drinking,drinks,drunk|
🍺|beer|beer mug,alcohol,ale,bar,booze,drink,drinking,drinks,mug,octoberfest,oktoberfest|
🍻|beers|clinking beer mugs,alcohol,bar,beer,booze,bottoms,cheers,clink,clinking,drinking|
🥂|clinking_glasses|clinking glasses,celebrate,clink,clinking,drink,glass,glasses|
🥃|tumbler_glass|tumbler glass,glass,liquor,scotch,shot,tumbler,whiskey,whisky|
🫗|pouring_liquid|pouring liquid,accident,drink,empty,glass,liquid,oops,pour,pouring,spill|
🥤|cup_with_straw|cup with straw,cup,drink,juice,malt,soda,soft,straw,water|
🧋|bubble_tea|bubble tea,boba,bubble,food,milk,pearl,tea|
🧃|beverage_box|beverage box,beverage,box,juice,straw,sweet|
🧉|mate|mate,drink|
🧊|ice_cube|ice,cold,cube,iceberg|
🥢|chopsticks|chopsticks,hashi,jeotgarak,kuaizi|
🍽️|plate_with_cutlery|fork and knife with plate,cooking,dinner,eat,fork,knife,plate|
🍴|fork_and_knife|fork and knife,breakfast,breaky,cooking,cutlery,delicious,dinner,eat,feed|
🥄|spoon|spoon,eat,tableware|
🔪|hocho|kitchen knife,knife,chef,cooking,kitchen,tool,weapon|
🫙|jar|jar,condiment,container,empty,nothing,sauce,store|
🏺|amphora|amphora,aquarius,cooking,drink,jug,tool,weapon,zodiac|`,
    `🌍️|earth_africa|globe showing europe-africa,africa,earth,europe,europe-africa,globe,showing|
🌎️|earth_americas|globe showing americas,americas,earth,globe,showing,world|
🌏️|earth_asia|globe showing asia-australia,asia,asia-australia,australia,earth,globe|
🌐|globe_with_meridians|globe with meridians,earth,globe,internet,meridians,web,world|
🗺️|world_map|world map,map,world|
🗾|japan|map of japan,map|
🧭|compass|compass,direction,magnetic,navigation,orienteering|
🏔️|mountain_snow|snow-capped mountain,cold,mountain,snow,snow-capped|
⛰️|mountain|mountain|
🌋|volcano|volcano,eruption,mountain,nature|
🗻|mount_fuji|mount fuji,fuji,mount,mountain,nature|
🏕️|camping|camping|
🏖️|beach_umbrella|beach with umbrella,beach,umbrella|
🏜️|desert|desert|
🏝️|desert_island|desert island,desert,island|
🏞️|national_park|national park,national,park|
🏟️|stadium|stadium|
🏛️|classical_building|classical building,building,classical|
🏗️|building_construction|building construction,building,construction,crane|
🧱|bricks|brick,clay,mortar,wall|
🪨|rock|rock,boulder,heavy,solid,stone,tough|
🪵|wood|wood,log,lumber,timber|
🛖|hut|hut,home,house,roundhouse,shelter,yurt|
🏘️|houses|houses,house|
🏚️|derelict_house|derelict house,derelict,home,house|
🏠️|house|house,building,country,heart,home,ranch,settle,simple,suburban,suburbia,where|
🏡|house_with_garden|house with garden,building,country,garden,heart,home,house,ranch,settle|
🏢|office|office building,building,city,cubical,job|
🏣|post_office|japanese post office,building,japanese,office,post|
🏤|european_post_office|post office,building,european,office,post|
🏥|hospital|hospital,building,doctor,medicine|
🏦|bank|bank,building|
🏨|hotel|hotel,building|
🏩|love_hotel|love hotel,building,hotel,love|
🏪|convenience_store|convenience store,24,building,convenience,hours,store|
🏫|school|school,building|
🏬|department_store|department store,building,department,store|
🏭️|factory|factory,building|
🏯|japanese_castle|japanese castle,building,castle,japanese|
🏰|european_castle|castle,building,european|
💒|wedding|wedding,chapel,hitched,nuptials,romance|
🗼|tokyo_tower|tokyo tower,tokyo,tower|
🗽|statue_of_liberty|statue of liberty,liberty,new,ny,nyc,statue,york|
⛪️|church|church,bless,chapel,christian,cross,religion|
🕌|mosque|mosque,islam,masjid,muslim,religion|
🛕|hindu_temple|hindu temple,hindu,temple|
🕍|synagogue|synagogue,jew,jewish,judaism,religion,temple|
⛩️|shinto_shrine|shinto shrine,religion,shinto,shrine|
🕋|kaaba|kaaba,hajj,islam,muslim,religion,umrah|
⛲️|fountain|fountain|
⛺️|tent|tent,camping|
🌁|foggy|foggy,fog|
🌃|night_with_stars|night with stars,night,star,stars|
🏙️|cityscape|cityscape,city|
🌄|sunrise_over_mountains|sunrise over mountains,morning,mountains,over,sun,sunrise|
🌅|sunrise|sunrise,morning,nature,sun|
🌆|city_sunset|cityscape at dusk,at,building,city,cityscape,dusk,evening,landscape,sun|
🌇|city_sunrise|sunset,building,dusk,sun|
🌉|bridge_at_night|bridge at night,at,bridge,night|
♨️|hotsprings|hot springs,hot,springs,steaming|
🎠|carousel_horse|carousel horse,carousel,entertainment,horse|
🛝|playground_slide|playground slide,amusement,park,play,playground,playing,slide,sliding|
🎡|ferris_wheel|ferris wheel,amusement,ferris,park,theme,wheel|
🎢|roller_coaster|roller coaster,amusement,coaster,park,roller,theme|
💈|barber|barber pole,cut,fresh,haircut,pole,shave|
🎪|circus_tent|circus tent,circus,tent|
🚂|steam_locomotive|locomotive,caboose,engine,railway,steam,train,trains,travel|
🚃|railway_car|railway car,car,electric,railway,train,tram,travel,trolleybus|
🚄|bullettrain_side|high-speed train,high-speed,railway,shinkansen,speed,train|
🚅|bullettrain_front|bullet train,bullet,high-speed,nose,railway,shinkansen,speed,train|
🚆|train2|train,arrived,choo,railway|
🚇️|metro|metro,subway,travel|
🚈|light_rail|light rail,arrived,light,monorail,rail,railway|
🚉|station|station,railway,train|
🚊|tram|tram,trolleybus|
🚝|monorail|monorail,vehicle|
🚞|mountain_railway|mountain railway,car,mountain,railway,trip|
🚋|train|tram car,bus,car,tram,trolley,trolleybus|
🚌|bus|bus,school,vehicle|
🚍️|oncoming_bus|oncoming bus,bus,cars,oncoming|
🚎|trolleybus|trolleybus,bus,tram,trolley|
🚐|minibus|minibus,bus,drive,van,vehicle|
🚑️|ambulance|ambulance,emergency,vehicle|
🚒|fire_engine|fire engine,engine,fire,truck|
🚓|police_car|police car,5–0,car,cops,patrol,police|
🚔️|oncoming_police_car|oncoming police car,car,oncoming,police|
🚕|taxi|taxi,cab,cabbie,car,drive,vehicle,yellow|
🚖|oncoming_taxi|oncoming taxi,cab,cabbie,cars,drove,hail,oncoming,taxi,yellow|
🚗|car|automobile,red_car,driving,vehicle|
🚘️|oncoming_automobile|oncoming automobile,automobile,car,cars,drove,oncoming,vehicle|
🚙|blue_car|sport utility vehicle,car,drive,recreational,sport,sportutility,utility,vehicle|
🛻|pickup_truck|pickup truck,automobile,car,flatbed,pick-up,pickup,transportation,truck|
🚚|truck|delivery truck,car,delivery,drive,vehicle|
🚛|articulated_lorry|articulated lorry,articulated,car,drive,lorry,move,semi,truck,vehicle|
🚜|tractor|tractor,vehicle|
🏎️|racing_car|racing car,car,racing,zoom|
🏍️|motorcycle|motorcycle,racing|
🛵|motor_scooter|motor scooter,motor,scooter|
🦽|manual_wheelchair|manual wheelchair,accessibility,manual,wheelchair|
🦼|motorized_wheelchair|motorized wheelchair,accessibility,motorized,wheelchair|
🛺|auto_rickshaw|auto rickshaw,auto,rickshaw,tuk|
🚲️|bike|bicycle,class,cycle,cycling,cyclist,gang,ride,spin,spinning|
🛴|kick_scooter|kick scooter,kick,scooter|
🛹|skateboard|skateboard,board,skate,skater,wheels|
🛼|roller_skate|roller skate,blades,roller,skate,skates,sport|
🚏|busstop|bus stop,bus,stop|
🛣️|motorway|motorway,highway,road|
🛤️|railway_track|railway track,railway,track,train|
🛢️|oil_drum|oil drum,drum,oil|
⛽️|fuelpump|fuel pump,diesel,fuel,gas,gasoline,pump,station|
🛞|wheel|wheel,car,circle,tire,turn,vehicle|
🚨|rotating_light|police car light,alarm,alert,beacon,car,emergency,light,police,revolving|
🚥|traffic_light|horizontal traffic light,horizontal,intersection,light,signal,stop|
🚦|vertical_traffic_light|vertical traffic light,drove,intersection,light,signal,stop|
🛑|stop_sign|stop sign,octagonal,sign,stop|
🚧|construction|construction,barrier|
⚓️|anchor|anchor,ship,tool|
🛟|ring_buoy|ring buoy,buoy,float,life,lifesaver,preserver,rescue,ring,safety,save,saver|
⛵️|boat|sailboat,sailboat,resort,sailing,sea,yacht|
🛶|canoe|canoe,boat|
🚤|speedboat|speedboat,billionaire,boat,lake,luxury,millionaire,summer,travel|
🛳️|passenger_ship|passenger ship,passenger,ship|
⛴️|ferry|ferry,boat,passenger|
🛥️|motor_boat|motor boat,boat,motor,motorboat|
🚢|ship|ship,boat,passenger,travel|
✈️|airplane|airplane,aeroplane,fly,flying,jet,plane,travel|
🛩️|small_airplane|small airplane,aeroplane,airplane,plane,small|
🛫|flight_departure|airplane departure,aeroplane,airplane,check-in,departure,departures|
🛬|flight_arrival|airplane arrival,aeroplane,airplane,arrival,arrivals,arriving,landing|
🪂|parachute|parachute,hang-glide,parasail,skydive|
💺|seat|seat,chair|
🚁|helicopter|helicopter,copter,roflcopter,travel,vehicle|
🚟|suspension_railway|suspension railway,railway,suspension|
🚠|mountain_cableway|mountain cableway,cable,cableway,gondola,lift,mountain,ski|
🚡|aerial_tramway|aerial tramway,aerial,cable,car,gondola,ropeway,tramway|
🛰️|artificial_satellite|satellite,space|
🚀|rocket|rocket,launch,rockets,space,travel|
🛸|flying_saucer|flying saucer,aliens,extra,flying,saucer,terrestrial,ufo|
🛎️|bellhop_bell|bellhop bell,bell,bellhop,hotel|
🧳|luggage|luggage,bag,packing,roller,suitcase,travel|
⌛️|hourglass|hourglass done,done,sand,time,timer|
⏳️|hourglass_flowing_sand|hourglass not done,done,flowing,hourglass,hours,not,sand,timer|
⌚️|watch|watch,clock,time|
⏰️|alarm_clock|alarm clock,alarm,clock,hours,hrs,late,time,waiting|
⏱️|stopwatch|stopwatch,clock,time|
⏲️|timer_clock|timer clock,clock,timer|
🕰️|mantelpiece_clock|mantelpiece clock,clock,mantelpiece,time|
🕛️|clock12|twelve o’clock,12,12:00,clock,o’clock,time,twelve|
🕧️|clock1230|twelve-thirty,12,12:30,30,clock,thirty,time,twelve|
🕐️|clock1|one o’clock,1,1:00,clock,one,o’clock,time|
🕜️|clock130|one-thirty,1,1:30,30,clock,one,thirty,time|
🕑️|clock2|two o’clock,2,2:00,clock,o’clock,time,two|
🕝️|clock230|two-thirty,2,2:30,30,clock,thirty,time,two|
🕒️|clock3|three o’clock,3,3:00,clock,o’clock,three,time|
🕞️|clock330|three-thirty,3,30,3:30,clock,thirty,three,time|
🕓️|clock4|four o’clock,4,4:00,clock,four,o’clock,time|
🕟️|clock430|four-thirty,30,4,4:30,clock,four,thirty,time|
🕔️|clock5|five o’clock,5,5:00,clock,five,o’clock,time|
🕠️|clock530|five-thirty,30,5,5:30,clock,five,thirty,time|
🕕️|clock6|six o’clock,6,6:00,clock,o’clock,six,time|
🕡️|clock630|six-thirty,30,6,6:30,clock,six,thirty|
🕖️|clock7|seven o’clock,0,7,7:00,clock,o’clock,seven|
🕢️|clock730|seven-thirty,30,7,7:30,clock,seven,thirty|
🕗️|clock8|eight o’clock,8,8:00,clock,eight,o’clock,time|
🕣️|clock830|eight-thirty,30,8,8:30,clock,eight,thirty,time|
🕘️|clock9|nine o’clock,9,9:00,clock,nine,o’clock,time|
🕤️|clock930|nine-thirty,30,9,9:30,clock,nine,thirty,time|
🕙️|clock10|ten o’clock,0,10,10:00,clock,o’clock,ten|
🕥️|clock1030|ten-thirty,10,10:30,30,clock,ten,thirty,time|
🕚️|clock11|eleven o’clock,11,11:00,clock,eleven,o’clock,time|
🕦️|clock1130|eleven-thirty,11,11:30,30,clock,eleven,thirty,time|
🌑|new_moon|new moon,dark,moon,new,space|
🌒|waxing_crescent_moon|waxing crescent moon,crescent,dreams,moon,space,waxing|
🌓|first_quarter_moon|first quarter moon,first,moon,quarter,space|
🌔|moon|waxing gibbous moon,waxing_gibbous_moon,gibbous,space,waxing|
🌕️|full_moon|full moon,full,moon,space|
🌖|waning_gibbous_moon|waning gibbous moon,gibbous,moon,space,waning|
🌗|last_quarter_moon|last quarter moon,last,moon,quarter,space|
🌘|waning_crescent_moon|waning crescent moon,crescent,moon,space,waning|
🌙|crescent_moon|crescent moon,crescent,moon,ramadan,space|
🌚|new_moon_with_face|new moon face,face,moon,new,space|
🌛|first_quarter_moon_with_face|first quarter moon face,face,first,moon,quarter,space|
🌜️|last_quarter_moon_with_face|last quarter moon face,dreams,face,last,moon,quarter|
🌡️|thermometer|thermometer,weather|
☀️|sunny|sun,bright,rays,space,weather|
🌝|full_moon_with_face|full moon face,bright,face,full,moon|
🌞|sun_with_face|sun with face,beach,bright,day,face,heat,shine,sun,sunny,sunshine,weather|
🪐|ringed_planet|ringed planet,planet,ringed,saturn,saturnine|
⭐️|star|star,astronomy,medium,stars,white|
🌟|star2|glowing star,glittery,glow,glowing,night,shining,sparkle,star,win|
🌠|stars|shooting star,falling,night,shooting,space,star|
🌌|milky_way|milky way,milky,space,way|
☁️|cloud|cloud,weather|
⛅️|partly_sunny|sun behind cloud,behind,cloud,cloudy,sun,weather|
⛈️|cloud_with_lightning_and_rain|cloud with lightning and rain,cloud,lightning,rain,thunder|
🌤️|sun_behind_small_cloud|sun behind small cloud,behind,cloud,sun,weather|
🌥️|sun_behind_large_cloud|sun behind large cloud,behind,cloud,sun,weather|
🌦️|sun_behind_rain_cloud|sun behind rain cloud,behind,cloud,rain,sun,weather|
🌧️|cloud_with_rain|cloud with rain,cloud,rain,weather|
🌨️|cloud_with_snow|cloud with snow,cloud,cold,snow,weather|
🌩️|cloud_with_lightning|cloud with lightning,cloud,lightning,weather|
🌪️|tornado|tornado,cloud,weather,whirlwind|
🌫️|fog|fog,cloud,weather|
🌬️|wind_face|wind face,blow,cloud,face,wind|
🌀|cyclone|cyclone,dizzy,hurricane,twister,typhoon,weather|
🌈|rainbow|rainbow,gay,genderqueer,glbt,glbtq,lesbian,lgbt,lgbtq,lgbtqia,nature,pride,queer|
🌂|closed_umbrella|closed umbrella,closed,clothing,rain,umbrella|
☂️|open_umbrella|umbrella,clothing,rain|
☔️|umbrella|umbrella with rain drops,clothing,drop,drops,rain,weather|
⛱️|parasol_on_ground|umbrella on ground,ground,rain,sun,umbrella|
⚡️|zap|high voltage,danger,electric,electricity,high,lightning,nature,thunder,thunderbolt|
❄️|snowflake|snowflake,cold,snow,weather|
☃️|snowman_with_snow|snowman,cold,man,snow|
⛄️|snowman|snowman without snow,cold,man,snow|
☄️|comet|comet,space|
🔥|fire|fire,af,burn,flame,hot,lit,litaf,tool|
💧|droplet|droplet,cold,comic,drop,nature,sad,sweat,tear,water,weather|
🌊|ocean|water wave,nature,surf,surfer,surfing,water,wave|`,
    `🎃|jack_o_lantern|jack-o-lantern,celebration,halloween,jack,lantern,pumpkin|
🎄|christmas_tree|christmas tree,celebration,christmas,tree|
🎆|fireworks|fireworks,boom,celebration,entertainment,yolo|
🎇|sparkler|sparkler,boom,celebration,fireworks,sparkle|
🧨|firecracker|firecracker,dynamite,explosive,fire,fireworks,light,pop,popping,spark|
✨️|sparkles|sparkles,*,magic,sparkle,star|
🎈|balloon|balloon,birthday,celebrate,celebration|
🎉|tada|party popper,awesome,birthday,celebrate,celebration,excited,hooray,party,popper|
🎊|confetti_ball|confetti ball,ball,celebrate,celebration,confetti,party,woohoo|
🎋|tanabata_tree|tanabata tree,banner,celebration,japanese,tanabata,tree|
🎍|bamboo|pine decoration,celebration,decoration,japanese,pine,plant|
🎎|dolls|japanese dolls,celebration,doll,festival,japanese|
🎏|flags|carp streamer,carp,celebration,streamer|
🎐|wind_chime|wind chime,bell,celebration,chime,wind|
🎑|rice_scene|moon viewing ceremony,celebration,ceremony,moon,viewing|
🧧|red_envelope|red envelope,envelope,gift,good,hóngbāo,lai,luck,money,red,see|
🎀|ribbon|ribbon,celebration|
🎁|gift|wrapped gift,birthday,bow,box,celebration,christmas,present,surprise,wrapped|
🎗️|reminder_ribbon|reminder ribbon,celebration,reminder,ribbon|
🎟️|tickets|admission tickets,admission,ticket|
🎫|ticket|ticket,admission,stub|
🎖️|medal_military|military medal,award,celebration,medal,military|
🏆️|trophy|trophy,champion,champs,prize,slay,sport,victory,win,winning|
🏅|medal_sports|sports medal,award,gold,medal,sports,winner|
🥇|1st_place_medal|1st place medal,1st,first,gold,medal,place|
🥈|2nd_place_medal|2nd place medal,2nd,medal,place,second,silver|
🥉|3rd_place_medal|3rd place medal,3rd,bronze,medal,place,third|
⚽️|soccer|soccer ball,ball,football,futbol,sport|
⚾️|baseball|baseball,ball,sport|
🥎|softball|softball,ball,glove,sports,underarm|
🏀|basketball|basketball,ball,hoop,sport|
🏐|volleyball|volleyball,ball,game|
🏈|football|american football,american,ball,bowl,sport,super|
🏉|rugby_football|rugby football,ball,football,rugby,sport|
🎾|tennis|tennis,ball,racquet,sport|
🥏|flying_disc|flying disc,disc,flying,ultimate|
🎳|bowling|bowling,ball,game,sport,strike|
🏏|cricket_game|cricket game,ball,bat,cricket,game|
🏑|field_hockey|field hockey,ball,field,game,hockey,stick|
🏒|ice_hockey|ice hockey,game,hockey,ice,puck,stick|
🥍|lacrosse|lacrosse,ball,goal,sports,stick|
🏓|ping_pong|ping pong,ball,bat,game,paddle,ping,pingpong,pong,table,tennis|
🏸|badminton|badminton,birdie,game,racquet,shuttlecock|
🥊|boxing_glove|boxing glove,boxing,glove|
🥋|martial_arts_uniform|martial arts uniform,arts,judo,karate,martial,taekwondo,uniform|
🥅|goal_net|goal net,goal,net|
⛳️|golf|flag in hole,flag,hole,sport|
⛸️|ice_skate|ice skate,ice,skate,skating|
🎣|fishing_pole_and_fish|fishing pole,entertainment,fish,fishing,pole,sport|
🤿|diving_mask|diving mask,diving,mask,scuba,snorkeling|
🎽|running_shirt_with_sash|running shirt,athletics,running,sash,shirt|
🎿|ski|skis,snow,sport|
🛷|sled|sled,luge,sledge,sleigh,snow,toboggan|
🥌|curling_stone|curling stone,curling,game,rock,stone|
🎯|dart|bullseye,bull,direct,entertainment,game,hit,target|
🪀|yo_yo|yo-yo,fluctuate,toy|
🪁|kite|kite,fly,soar|
🔫|gun|water pistol,handgun,pistol,revolver,tool,water,weapon|
🎱|8ball|pool 8 ball,8,ball,billiard,eight,game,pool|
🔮|crystal_ball|crystal ball,ball,crystal,fairy,fairytale,fantasy,fortune,future,magic,tale|
🪄|magic_wand|magic wand,magic,magician,wand,witch,wizard|
🎮️|video_game|video game,controller,entertainment,game,video|
🕹️|joystick|joystick,game,video,videogame|
🎰|slot_machine|slot machine,casino,gamble,gambling,game,machine,slot,slots|
🎲|game_die|game die,dice,die,entertainment,game|
🧩|jigsaw|puzzle piece,clue,interlocking,piece,puzzle|
🧸|teddy_bear|teddy bear,bear,plaything,plush,stuffed,teddy,toy|
🪅|pinata|piñata,candy,celebrate,celebration,cinco,de,festive,mayo,party,pinada|
🪩|mirror_ball|mirror ball,ball,dance,disco,glitter,mirror,party|
🪆|nesting_dolls|nesting dolls,babooshka,baboushka,babushka,doll,dolls,matryoshka,nesting|
♠️|spades|spade suit,card,game,spade,suit|
♥️|hearts|heart suit,card,emotion,game,heart,suit|
♦️|diamonds|diamond suit,card,diamond,game,suit|
♣️|clubs|club suit,card,club,game,suit|
♟️|chess_pawn|chess pawn,chess,dupe,expendable,pawn|
🃏|black_joker|joker,card,game,wildcard|
🀄️|mahjong|mahjong red dragon,dragon,game,red|
🎴|flower_playing_cards|flower playing cards,card,cards,flower,game,japanese,playing|
🎭️|performing_arts|performing arts,actor,actress,art,arts,entertainment,mask,performing|
🖼️|framed_picture|framed picture,art,frame,framed,museum,painting,picture|
🎨|art|artist palette,artist,artsy,arty,colorful,creative,entertainment,museum,painter|
🧵|thread|thread,needle,sewing,spool,string|
🪡|sewing_needle|sewing needle,embroidery,needle,sew,sewing,stitches,sutures,tailoring|
🧶|yarn|yarn,ball,crochet,knit|
🪢|knot|knot,cord,rope,tangled,tie,twine,twist|`,
    `👓️|eyeglasses|glasses,clothing,eye,eyewear|
🕶️|dark_sunglasses|sunglasses,dark,eye,eyewear,glasses|
🥽|goggles|goggles,dive,eye,protection,scuba,swimming,welding|
🥼|lab_coat|lab coat,clothes,coat,doctor,dr,experiment,jacket,lab,scientist,white|
🦺|safety_vest|safety vest,emergency,safety,vest|
👔|necktie|necktie,clothing,employed,serious,shirt,tie|
👕|shirt|t-shirt,tshirt,blue,casual,clothes,clothing,collar,dressed,shopping,weekend|
👖|jeans|jeans,blue,casual,clothes,clothing,denim,dressed,pants,shopping,trousers,weekend|
🧣|scarf|scarf,bundle,cold,neck,up|
🧤|gloves|gloves,hand|
🧥|coat|coat,brr,bundle,cold,jacket,up|
🧦|socks|socks,stocking|
👗|dress|dress,clothes,clothing,dressed,fancy,shopping|
👘|kimono|kimono,clothing,comfortable|
🥻|sari|sari,clothing,dress|
🩱|one_piece_swimsuit|one-piece swimsuit,bathing,one-piece,suit,swimsuit|
🩲|swim_brief|briefs,bathing,one-piece,suit,swimsuit,underwear|
🩳|shorts|shorts,bathing,pants,suit,swimsuit,underwear|
👙|bikini|bikini,bathing,beach,clothing,pool,suit,swim|
👚|womans_clothes|woman’s clothes,blouse,clothes,clothing,collar,dress,dressed,lady,shirt|
🪭|folding_hand_fan|folding hand fan,clack,clap,cool,cooling,dance,fan,flirt,flutter,folding|
👛|purse|purse,clothes,clothing,coin,dress,fancy,handbag,shopping|
👜|handbag|handbag,bag,clothes,clothing,dress,lady,purse,shopping|
👝|pouch|clutch bag,bag,clothes,clothing,clutch,dress,handbag,purse|
🛍️|shopping|shopping bags,bag,bags,hotel|
🎒|school_satchel|backpack,backpacking,bag,bookbag,education,rucksack,satchel,school|
🩴|thong_sandal|thong sandal,beach,flip,flop,sandal,sandals,shoe,thong,thongs,zōri|
👞|mans_shoe|man’s shoe,shoe,brown,clothes,clothing,feet,foot,kick,man,man’s,shoes,shopping|
👟|athletic_shoe|running shoe,athletic,clothes,clothing,fast,kick,running,shoe,shoes|
🥾|hiking_boot|hiking boot,backpacking,boot,brown,camping,hiking,outdoors,shoe|
🥿|flat_shoe|flat shoe,ballet,comfy,flat,flats,shoe,slip-on,slipper|
👠|high_heel|high-heeled shoe,clothes,clothing,dress,fashion,heel,heels,high-heeled,shoe|
👡|sandal|woman’s sandal,clothing,shoe,woman,woman’s|
🩰|ballet_shoes|ballet shoes,ballet,dance,shoes|
👢|boot|woman’s boot,clothes,clothing,dress,shoe,shoes,shopping,woman,woman’s|
🪮|hair_pick|hair pick,afro,comb,groom,hair,pick|
👑|crown|crown,clothing,family,king,medieval,queen,royal,royalty,win|
👒|womans_hat|woman’s hat,clothes,clothing,garden,hat,hats,party,woman,woman’s|
🎩|tophat|top hat,clothes,clothing,fancy,formal,hat,magic,top|
🎓️|mortar_board|graduation cap,cap,celebration,clothing,education,graduation,hat,scholar|
🧢|billed_cap|billed cap,baseball,bent,billed,cap,dad,hat|
🪖|military_helmet|military helmet,army,helmet,military,soldier,war,warrior|
⛑️|rescue_worker_helmet|rescue worker’s helmet,aid,cross,face,hat,helmet,rescue,worker’s|
📿|prayer_beads|prayer beads,beads,clothing,necklace,prayer,religion|
💄|lipstick|lipstick,cosmetics,date,makeup|
💍|ring|ring,diamond,engaged,engagement,married,romance,shiny,sparkling,wedding|
💎|gem|gem stone,diamond,engagement,jewel,money,romance,stone,wedding|
🔇|mute|muted speaker,muted,quiet,silent,sound,speaker|
🔈️|speaker|speaker low volume,low,soft,sound,volume|
🔉|sound|speaker medium volume,medium,speaker,volume|
🔊|loud_sound|speaker high volume,high,loud,music,sound,speaker,volume|
📢|loudspeaker|loudspeaker,address,communication,loud,public,sound|
📣|mega|megaphone,cheering,sound|
📯|postal_horn|postal horn,horn,post,postal|
🔔|bell|bell,break,church,sound|
🔕|no_bell|bell with slash,bell,forbidden,mute,no,not,prohibited,quiet,silent,slash,sound|
🎼|musical_score|musical score,music,musical,note,score|
🎵|musical_note|musical note,music,musical,note,sound|
🎶|notes|musical notes,music,musical,note,sound|
🎙️|studio_microphone|studio microphone,mic,microphone,music,studio|
🎚️|level_slider|level slider,level,music,slider|
🎛️|control_knobs|control knobs,control,knobs,music|
🎤|microphone|microphone,karaoke,mic,music,sing,sound|
🎧️|headphones|headphone,earbud,sound|
📻️|radio|radio,entertainment,tbt,video|
🎷|saxophone|saxophone,instrument,music,sax|
🎺|trumpet|trumpet,instrument,music|
🪗|accordion|accordion,box,concertina,instrument,music,squeeze,squeezebox|
🎸|guitar|guitar,instrument,music,strat|
🎹|musical_keyboard|musical keyboard,instrument,keyboard,music,musical,piano|
🎻|violin|violin,instrument,music|
🪕|banjo|banjo,music,stringed|
🥁|drum|drum,drumsticks,music|
🪘|long_drum|long drum,beat,conga,drum,instrument,long,rhythm|
🪇|maracas|maracas,cha,dance,instrument,music,party,percussion,rattle,shake,shaker|
🪈|flute|flute,band,fife,flautist,instrument,marching,music,orchestra,piccolo,pipe,recorder|
📱|iphone|mobile phone,cell,communication,mobile,phone,telephone|
📲|calling|mobile phone with arrow,arrow,build,call,cell,communication,mobile,phone,receive|
☎️|phone|telephone,telephone|
📞|telephone_receiver|telephone receiver,communication,phone,receiver,telephone,voip|
📟️|pager|pager,communication|
📠|fax|fax machine,communication,machine|
🔋|battery|battery|
🪫|low_battery|low battery,battery,drained,electronic,energy,low,power|
🔌|electric_plug|electric plug,electric,electricity,plug|
💻️|computer|laptop,office,pc,personal|
🖥️|desktop_computer|desktop computer,computer,desktop,monitor|
🖨️|printer|printer,computer|
⌨️|keyboard|keyboard,computer|
🖱️|computer_mouse|computer mouse,computer,mouse|
🖲️|trackball|trackball,computer|
💽|minidisc|computer disk,computer,disk,minidisk,optical|
💾|floppy_disk|floppy disk,computer,disk,floppy|
💿️|cd|optical disk,blu-ray,computer,disk,dvd,optical|
📀|dvd|dvd,blu-ray,cd,computer,disk,optical|
🧮|abacus|abacus,calculation,calculator|
🎥|movie_camera|movie camera,bollywood,camera,cinema,film,hollywood,movie,record|
🎞️|film_strip|film frames,cinema,film,frames,movie|
📽️|film_projector|film projector,cinema,film,movie,projector,video|
🎬️|clapper|clapper board,action,board,movie|
📺️|tv|television,video|
📷️|camera|camera,photo,selfie,snap,tbt,trip,video|
📸|camera_flash|camera with flash,camera,flash,video|
📹️|video_camera|video camera,camcorder,camera,tbt,video|
📼|vhs|videocassette,old,school,tape,vcr,video|
🔍️|mag|magnifying glass tilted left,glass,lab,left,left-pointing,magnifying,science,search|
🔎|mag_right|magnifying glass tilted right,contact,glass,lab,magnifying,right,right-pointing|
🕯️|candle|candle,light|
💡|bulb|light bulb,comic,electric,idea,light|
🔦|flashlight|flashlight,electric,light,tool,torch|
🏮|izakaya_lantern|red paper lantern,lantern,bar,light,paper,red,restaurant|
🪔|diya_lamp|diya lamp,diya,lamp,light,oil|
📔|notebook_with_decorative_cover|notebook with decorative cover,book,cover,decorated|
📕|closed_book|closed book,book,closed,education|
📖|book|open book,open_book,education,fantasy,knowledge,library,novels,open,reading|
📗|green_book|green book,book,education,fantasy,green,library,reading|
📘|blue_book|blue book,blue,book,education,fantasy,library,reading|
📙|orange_book|orange book,book,education,fantasy,library,orange,reading|
📚️|books|books,book,education,fantasy,knowledge,library,novels,reading,school,study|
📓|notebook|notebook|
📒|ledger|ledger,notebook|
📃|page_with_curl|page with curl,curl,document,page,paper|
📜|scroll|scroll,paper|
📄|page_facing_up|page facing up,document,facing,page,paper,up|
📰|newspaper|newspaper,communication,news,paper|
🗞️|newspaper_roll|rolled-up newspaper,news,newspaper,paper,rolled,rolled-up|
📑|bookmark_tabs|bookmark tabs,bookmark,mark,marker,tabs|
🔖|bookmark|bookmark,mark|
🏷️|label|label,tag|
🪙|coin|coin,dollar,euro,gold,metal,money,rich,silver,treasure|
💰️|moneybag|money bag,bag,bank,bet,billion,cash,cost,dollar,gold,million,money,paid,paying|
💴|yen|yen banknote,bank,banknote,bill,currency,money,note|
💵|dollar|dollar banknote,bank,banknote,bill,currency,money,note|
💶|euro|euro banknote,100,bank,banknote,bill,currency,money,note,rich|
💷|pound|pound banknote,bank,banknote,bill,billion,cash,currency,money,note,pounds|
💸|money_with_wings|money with wings,bank,banknote,bill,billion,cash,dollar,fly,million|
💳️|credit_card|credit card,bank,card,cash,charge,credit,money,pay|
🧾|receipt|receipt,accounting,bookkeeping,evidence,invoice,proof|
💹|chart|chart increasing with yen,bank,currency,graph,growth,increasing,market,money,rise|
✉️|envelope|envelope,e-mail,email,letter|
📧|e-mail|e-mail,email,letter,mail|
📨|incoming_envelope|incoming envelope,delivering,e-mail,email,envelope,incoming,letter,mail|
📩|envelope_with_arrow|envelope with arrow,arrow,communication,down,e-mail,email,envelope|
📤️|outbox_tray|outbox tray,box,email,letter,mail,outbox,sent,tray|
📥️|inbox_tray|inbox tray,box,email,inbox,letter,mail,receive,tray,zero|
📦️|package|package,box,communication,delivery,parcel,shipping|
📫️|mailbox|closed mailbox with raised flag,closed,communication,flag,mail,postbox,raised|
📪️|mailbox_closed|closed mailbox with lowered flag,closed,flag,lowered,mail,mailbox,postbox|
📬️|mailbox_with_mail|open mailbox with raised flag,flag,mail,mailbox,open,postbox,raised|
📭️|mailbox_with_no_mail|open mailbox with lowered flag,flag,lowered,mail,mailbox,open|
📮|postbox|postbox,mail,mailbox|
🗳️|ballot_box|ballot box with ballot,ballot,box|
✏️|pencil2|pencil,pencil|
✒️|black_nib|black nib,black,nib,pen|
🖋️|fountain_pen|fountain pen,fountain,pen|
🖊️|pen|pen,ballpoint|
🖌️|paintbrush|paintbrush,painting|
🖍️|crayon|crayon|
📝|memo|memo,pencil,communication,media,notes|
💼|briefcase|briefcase,office|
📁|file_folder|file folder,file,folder|
📂|open_file_folder|open file folder,file,folder,open|
🗂️|card_index_dividers|card index dividers,card,dividers,index|
📅|date|calendar|
📆|calendar|tear-off calendar,tear-off|
🗒️|spiral_notepad|spiral notepad,note,notepad,pad,spiral|
🗓️|spiral_calendar|spiral calendar,calendar,pad,spiral|
📇|card_index|card index,card,index,old,rolodex,school|
📈|chart_with_upwards_trend|chart increasing,chart,data,graph,growth,increasing,right,trend|
📉|chart_with_downwards_trend|chart decreasing,chart,data,decreasing,down,downward,graph|
📊|bar_chart|bar chart,bar,chart,data,graph|
📋️|clipboard|clipboard,do,list,notes|
📌|pushpin|pushpin,collage,pin|
📍|round_pushpin|round pushpin,location,map,pin,pushpin,round|
📎|paperclip|paperclip|
🖇️|paperclips|linked paperclips,link,linked,paperclip|
📏|straight_ruler|straight ruler,angle,edge,math,ruler,straight,straightedge|
📐|triangular_ruler|triangular ruler,angle,math,rule,ruler,set,slide,triangle,triangular|
✂️|scissors|scissors,cut,cutting,paper,tool|
🗃️|card_file_box|card file box,box,card,file|
🗄️|file_cabinet|file cabinet,cabinet,file,filing,paper|
🗑️|wastebasket|wastebasket,can,garbage,trash,waste|
🔒️|lock|locked,closed,private|
🔓️|unlock|unlocked,cracked,lock,open|
🔏|lock_with_ink_pen|locked with pen,ink,lock,locked,nib,pen,privacy|
🔐|closed_lock_with_key|locked with key,bike,closed,key,lock,locked,secure|
🔑|key|key,keys,lock,major,password,unlock|
🗝️|old_key|old key,clue,key,lock,old|
🔨|hammer|hammer,home,improvement,repairs,tool|
🪓|axe|axe,ax,chop,hatchet,split,wood|
⛏️|pick|pick,hammer,mining,tool|
⚒️|hammer_and_pick|hammer and pick,hammer,pick,tool|
🛠️|hammer_and_wrench|hammer and wrench,hammer,spanner,tool,wrench|
🗡️|dagger|dagger,knife,weapon|
⚔️|crossed_swords|crossed swords,crossed,swords,weapon|
💣️|bomb|bomb,boom,comic,dangerous,explosion,hot|
🪃|boomerang|boomerang,rebound,repercussion,weapon|
🏹|bow_and_arrow|bow and arrow,archer,archery,arrow,bow,sagittarius,tool,weapon,zodiac|
🛡️|shield|shield,weapon|
🪚|carpentry_saw|carpentry saw,carpenter,carpentry,cut,lumber,saw,tool,trim|
🔧|wrench|wrench,home,improvement,spanner,tool|
🪛|screwdriver|screwdriver,flathead,handy,screw,tool|
🔩|nut_and_bolt|nut and bolt,bolt,home,improvement,nut,tool|
⚙️|gear|gear,cog,cogwheel,tool|
🗜️|clamp|clamp,compress,tool,vice|
⚖️|balance_scale|balance scale,balance,justice,libra,scale,scales,tool,weight,zodiac|
🦯|probing_cane|white cane,accessibility,blind,cane,probing,white|
🔗|link|link,links|
⛓️|chains|chains,chain|
🪝|hook|hook,catch,crook,curve,ensnare,point,selling|
🧰|toolbox|toolbox,box,chest,mechanic,red,tool|
🧲|magnet|magnet,attraction,horseshoe,magnetic,negative,positive,shape,u|
🪜|ladder|ladder,climb,rung,step|
⚗️|alembic|alembic,chemistry,tool|
🧪|test_tube|test tube,chemist,chemistry,experiment,lab,science,test,tube|
🧫|petri_dish|petri dish,bacteria,biologist,biology,culture,dish,lab,petri|
🧬|dna|dna,biologist,evolution,gene,genetics,life|
🔬|microscope|microscope,experiment,lab,science,tool|
🔭|telescope|telescope,contact,extraterrestrial,science,tool|
📡|satellite|satellite antenna,aliens,antenna,contact,dish,science|
💉|syringe|syringe,doctor,flu,medicine,needle,shot,sick,tool,vaccination|
🩸|drop_of_blood|drop of blood,bleed,blood,donation,drop,injury,medicine,menstruation|
💊|pill|pill,doctor,drugs,medicated,medicine,pills,sick,vitamin|
🩹|adhesive_bandage|adhesive bandage,adhesive,bandage|
🩼|crutch|crutch,aid,cane,disability,help,hurt,injured,mobility,stick|
🩺|stethoscope|stethoscope,doctor,heart,medicine|
🩻|x_ray|x-ray,bones,doctor,medical,skeleton,skull,xray|
🚪|door|door,back,closet,front|
🛗|elevator|elevator,accessibility,hoist,lift|
🪞|mirror|mirror,makeup,reflection,reflector,speculum|
🪟|window|window,air,frame,fresh,opening,transparent,view|
🛏️|bed|bed,hotel,sleep|
🛋️|couch_and_lamp|couch and lamp,couch,hotel,lamp|
🪑|chair|chair,seat,sit|
🚽|toilet|toilet,bathroom|
🪠|plunger|plunger,cup,force,plumber,poop,suction,toilet|
🚿|shower|shower,water|
🛁|bathtub|bathtub,bath|
🪤|mouse_trap|mouse trap,bait,cheese,lure,mouse,mousetrap,snare,trap|
🪒|razor|razor,sharp,shave|
🧴|lotion_bottle|lotion bottle,bottle,lotion,moisturizer,shampoo,sunscreen|
🧷|safety_pin|safety pin,diaper,pin,punk,rock,safety|
🧹|broom|broom,cleaning,sweeping,witch|
🧺|basket|basket,farming,laundry,picnic|
🧻|roll_of_paper|roll of paper,paper,roll,toilet,towels|
🪣|bucket|bucket,cask,pail,vat|
🧼|soap|soap,bar,bathing,clean,cleaning,lather,soapdish|
🫧|bubbles|bubbles,bubble,burp,clean,floating,pearl,soap,underwater|
🪥|toothbrush|toothbrush,bathroom,brush,clean,dental,hygiene,teeth,toiletry|
🧽|sponge|sponge,absorbing,cleaning,porous,soak|
🧯|fire_extinguisher|fire extinguisher,extinguish,extinguisher,fire,quench|
🛒|shopping_cart|shopping cart,cart,shopping,trolley|
🚬|smoking|cigarette|
⚰️|coffin|coffin,dead,death,vampire|
🪦|headstone|headstone,cemetery,dead,grave,graveyard,memorial,rip,tomb,tombstone|
⚱️|funeral_urn|funeral urn,ashes,death,funeral,urn|
🧿|nazar_amulet|nazar amulet,amulet,bead,blue,charm,evil-eye,nazar,talisman|
🪬|hamsa|hamsa,amulet,fatima,fortune,guide,hand,mary,miriam,palm,protect,protection|
🗿|moyai|moai,face,statue,stoneface,travel|
🪧|placard|placard,card,demonstration,notice,picket,plaque,protest,sign|
🪪|identification_card|identification card,card,credentials,document,id,identification|`,
    `🏧|atm|atm sign,automated,bank,cash,money,sign,teller|
🚮|put_litter_in_its_place|litter in bin sign,bin,litter,litterbin,sign|
🚰|potable_water|potable water,drinking,potable,water|
♿️|wheelchair|wheelchair symbol,access,handicap,symbol|
🚹️|mens|men’s room,bathroom,lavatory,man,men’s,restroom,room,toilet,wc|
🚺️|womens|women’s room,bathroom,lavatory,restroom,room,toilet,wc,woman,women’s|
🚻|restroom|restroom,bathroom,lavatory,toilet,wc|
🚼️|baby_symbol|baby symbol,baby,changing,symbol|
🚾|wc|water closet,bathroom,closet,lavatory,restroom,toilet,water|
🛂|passport_control|passport control,control,passport|
🛃|customs|customs,packing|
🛄|baggage_claim|baggage claim,arrived,baggage,bags,case,checked,claim,journey,packing,plane|
🛅|left_luggage|left luggage,baggage,case,left,locker,luggage|
⚠️|warning|warning,caution|
🚸|children_crossing|children crossing,child,children,crossing,pedestrian,traffic|
⛔️|no_entry|no entry,do,entry,fail,forbidden,no,not,pass,prohibited,traffic|
🚫|no_entry_sign|prohibited,entry,forbidden,no,not,smoke|
🚳|no_bicycles|no bicycles,bicycle,bicycles,bike,forbidden,no,not,prohibited|
🚭️|no_smoking|no smoking,forbidden,no,not,prohibited,smoke,smoking|
🚯|do_not_litter|no littering,forbidden,litter,littering,no,not,prohibited|
🚱|non-potable_water|non-potable water,dry,non-drinking,non-potable,prohibited,water|
🚷|no_pedestrians|no pedestrians,forbidden,no,not,pedestrian,pedestrians,prohibited|
📵|no_mobile_phones|no mobile phones,cell,forbidden,mobile,no,not,phone,phones,prohibited|
🔞|underage|no one under eighteen,18,age,eighteen,forbidden,no,not,one,prohibited|
☢️|radioactive|radioactive,sign|
☣️|biohazard|biohazard,sign|
⬆️|arrow_up|up arrow,arrow,cardinal,direction,north,up|
↗️|arrow_upper_right|up-right arrow,arrow,direction,intercardinal,northeast,up-right|
➡️|arrow_right|right arrow,arrow,cardinal,direction,east,right|
↘️|arrow_lower_right|down-right arrow,arrow,direction,down-right,intercardinal,southeast|
⬇️|arrow_down|down arrow,arrow,cardinal,direction,down,south|
↙️|arrow_lower_left|down-left arrow,arrow,direction,down-left,intercardinal,southwest|
⬅️|arrow_left|left arrow,arrow,cardinal,direction,left,west|
↖️|arrow_upper_left|up-left arrow,arrow,direction,intercardinal,northwest,up-left|
↕️|arrow_up_down|up-down arrow,arrow,up-down|
↔️|left_right_arrow|left-right arrow,arrow,left-right|
↩️|leftwards_arrow_with_hook|right arrow curving left,arrow,curving,left,right|
↪️|arrow_right_hook|left arrow curving right,arrow,curving,left,right|
⤴️|arrow_heading_up|right arrow curving up,arrow,curving,right,up|
⤵️|arrow_heading_down|right arrow curving down,arrow,curving,down,right|
🔃|arrows_clockwise|clockwise vertical arrows,arrow,arrows,clockwise,refresh,reload,vertical|
🔄|arrows_counterclockwise|counterclockwise arrows button,again,anticlockwise,arrow,arrows|
🔙|back|back arrow,arrow|
🔚|end|end arrow,arrow|
🔛|on|on! arrow,arrow,mark,on!|
🔜|soon|soon arrow,arrow,brb,omw|
🔝|top|top arrow,arrow,homie,up|
🛐|place_of_worship|place of worship,place,pray,religion,worship|
⚛️|atom_symbol|atom symbol,atheist,atom,symbol|
🕉️|om|om,hindu,religion|
✡️|star_of_david|star of david,david,jew,jewish,judaism,religion,star|
☸️|wheel_of_dharma|wheel of dharma,buddhist,dharma,religion,wheel|
☯️|yin_yang|yin yang,difficult,lives,religion,tao,taoist,total,yang,yin,yinyang|
✝️|latin_cross|latin cross,christ,christian,cross,latin,religion|
☦️|orthodox_cross|orthodox cross,christian,cross,orthodox,religion|
☪️|star_and_crescent|star and crescent,crescent,islam,muslim,ramadan,religion,star|
☮️|peace_symbol|peace symbol,healing,peace,peaceful,symbol|
🕎|menorah|menorah,candelabrum,candlestick,hanukkah,jewish,judaism,religion|
🔯|six_pointed_star|dotted six-pointed star,dotted,fortune,jewish,judaism,six-pointed,star|
🪯|khanda|khanda,deg,fateh,khalsa,religion,sikh,sikhism,tegh|
♈️|aries|aries,horoscope,ram,zodiac|
♉️|taurus|taurus,bull,horoscope,ox,zodiac|
♊️|gemini|gemini,horoscope,twins,zodiac|
♋️|cancer|cancer,crab,horoscope,zodiac|
♌️|leo|leo,horoscope,lion,zodiac|
♍️|virgo|virgo,horoscope,zodiac|
♎️|libra|libra,balance,horoscope,justice,scales,zodiac|
♏️|scorpius|scorpio,horoscope,scorpio,scorpion,zodiac|
♐️|sagittarius|sagittarius,archer,horoscope,zodiac|
♑️|capricorn|capricorn,goat,horoscope,zodiac|
♒️|aquarius|aquarius,bearer,horoscope,water,zodiac|
♓️|pisces|pisces,fish,horoscope,zodiac|
⛎️|ophiuchus|ophiuchus,bearer,serpent,snake,zodiac|
🔀|twisted_rightwards_arrows|shuffle tracks button,arrow,button,crossed,shuffle,tracks|
🔁|repeat|repeat button,arrow,button,clockwise|
🔂|repeat_one|repeat single button,arrow,button,clockwise,once,repeat,single|
▶️|arrow_forward|play button,arrow,button,play,right,triangle|
⏩️|fast_forward|fast-forward button,arrow,button,double,fast,fast-forward,forward|
⏭️|next_track_button|next track button,arrow,button,next,scene,track,triangle|
⏯️|play_or_pause_button|play or pause button,arrow,button,pause,play,right,triangle|
◀️|arrow_backward|reverse button,arrow,button,left,reverse,triangle|
⏪️|rewind|fast reverse button,arrow,button,double,fast,reverse|
⏮️|previous_track_button|last track button,arrow,button,last,previous,scene,track,triangle|
🔼|arrow_up_small|upwards button,arrow,button,red,up,upwards|
⏫️|arrow_double_up|fast up button,arrow,button,double,fast,up|
🔽|arrow_down_small|downwards button,arrow,button,down,downwards,red|
⏬️|arrow_double_down|fast down button,arrow,button,double,down,fast|
⏸️|pause_button|pause button,bar,button,double,pause,vertical|
⏹️|stop_button|stop button,button,square,stop|
⏺️|record_button|record button,button,circle,record|
⏏️|eject_button|eject button,button,eject|
🎦|cinema|cinema,camera,film,movie|
🔅|low_brightness|dim button,brightness,button,dim,low|
🔆|high_brightness|bright button,bright,brightness,button,light|
📶|signal_strength|antenna bars,antenna,bar,bars,cell,communication,mobile,phone,signal|
🛜|wireless|wireless,broadband,computer,connectivity,hotspot,internet,network,router|
📳|vibration_mode|vibration mode,cell,communication,mobile,mode,phone,telephone,vibration|
📴|mobile_phone_off|mobile phone off,cell,mobile,off,phone,telephone|
♀️|female_sign|female sign,female,sign,woman|
♂️|male_sign|male sign,male,man,sign|
⚧️|transgender_symbol|transgender symbol,symbol,transgender|
✖️|heavy_multiplication_x|multiply,cancel,multiplication,sign,x,×|
➕️|heavy_plus_sign|plus,+|
➖️|heavy_minus_sign|minus,-,heavy,math,sign,−|
➗️|heavy_division_sign|divide,division,heavy,math,sign,÷|
🟰|heavy_equals_sign|heavy equals sign,answer,equal,equality,equals,heavy,math,sign|
♾️|infinity|infinity,forever,unbounded,universal|
‼️|bangbang|double exclamation mark,!,!!,double,exclamation,mark,punctuation|
⁉️|interrobang|exclamation question mark,!,!?,?,exclamation,mark,punctuation,question|
❓️|question|red question mark,?,mark,punctuation,red|
❔️|grey_question|white question mark,?,mark,outlined,punctuation,question,white|
❕️|grey_exclamation|white exclamation mark,!,exclamation,mark,outlined,punctuation,white|
❗️|exclamation|red exclamation mark,heavy_exclamation_mark,!,mark,punctuation,red|
〰️|wavy_dash|wavy dash,dash,punctuation,wavy|
💱|currency_exchange|currency exchange,bank,currency,exchange,money|
💲|heavy_dollar_sign|heavy dollar sign,billion,cash,charge,currency,dollar,heavy,million|
⚕️|medical_symbol|medical symbol,aesculapius,medical,medicine,staff,symbol|
♻️|recycle|recycling symbol,recycling,symbol|
⚜️|fleur_de_lis|fleur-de-lis,knights|
🔱|trident|trident emblem,anchor,emblem,poseidon,ship,tool|
📛|name_badge|name badge,badge,name|
🔰|beginner|japanese symbol for beginner,chevron,green,japanese,leaf,symbol,tool,yellow|
⭕️|o|hollow red circle,circle,heavy,hollow,large,red|
✅️|white_check_mark|check mark button,button,check,checked,checkmark,complete,completed|
☑️|ballot_box_with_check|check box with check,ballot,box,check,checked,done,off,tick,✓|
✔️|heavy_check_mark|check mark,check,checked,checkmark,done,heavy,mark,tick,✓|
❌️|x|cross mark,cancel,cross,mark,multiplication,multiply,×|
❎️|negative_squared_cross_mark|cross mark button,button,cross,mark,multiplication,multiply|
➰️|curly_loop|curly loop,curl,curly,loop|
➿️|loop|double curly loop,curl,curly,double|
〽️|part_alternation_mark|part alternation mark,alternation,mark,part|
✳️|eight_spoked_asterisk|eight-spoked asterisk,*,asterisk,eight-spoked|
✴️|eight_pointed_black_star|eight-pointed star,*,eight-pointed,star|
❇️|sparkle|sparkle,*|
©️|copyright|copyright,c|
®️|registered|registered,r|
™️|tm|trade mark,mark,trade,trademark|
#️⃣|hash|keycap: #,keycap|
*️⃣|asterisk|keycap: *,keycap|
0️⃣|zero|keycap: 0,0,keycap|
1️⃣|one|keycap: 1,1,keycap|
2️⃣|two|keycap: 2,2,keycap|
3️⃣|three|keycap: 3,3,keycap|
4️⃣|four|keycap: 4,4,keycap|
5️⃣|five|keycap: 5,5,keycap|
6️⃣|six|keycap: 6,6,keycap|
7️⃣|seven|keycap: 7,7,keycap|
8️⃣|eight|keycap: 8,8,keycap|
9️⃣|nine|keycap: 9,9,keycap|
🔟|keycap_ten|keycap: 10,keycap|
🔠|capital_abcd|input latin uppercase,abcd,input,latin,letters,uppercase|
🔡|abcd|input latin lowercase,input,latin,letters,lowercase|
🔢|1234|input numbers,input,numbers|
🔣|symbols|input symbols,%,&,input,♪,〒|
🔤|abc|input latin letters,alphabet,input,latin,letters|
🅰️|a|a button (blood type),blood,button,type|
🆎|ab|ab button (blood type),blood,button,type|
🅱️|b|b button (blood type),blood,button,type|
🆑|cl|cl button,button|
🆒|cool|cool button,button|
🆓|free|free button,button|
ℹ️|information_source|information,i|
🆔|id|id button,button,identity|
Ⓜ️|m|circled m,circle,circled|
🆕|new|new button,button|
🆖|ng|ng button,button|
🅾️|o2|o button (blood type),blood,button,o,type|
🆗|ok|ok button,button,okay|
🅿️|parking|p button,button,p|
🆘|sos|sos button,button,help|
🆙|up|up! button,button,mark,up!|
🆚|vs|vs button,button,versus|
🈁|koko|japanese “here” button,button,here,japanese,katakana|
🈂️|sa|japanese “service charge” button,button,charge,japanese,katakana,service|
🈷️|u6708|japanese “monthly amount” button,amount,button,ideograph,japanese,monthly|
🈶|u6709|japanese “not free of charge” button,button,charge,free,ideograph,japanese,not|
🈯️|u6307|japanese “reserved” button,button,ideograph,japanese,reserved|
🉐|ideograph_advantage|japanese “bargain” button,bargain,button,ideograph,japanese|
🈹|u5272|japanese “discount” button,button,discount,ideograph,japanese|
🈚️|u7121|japanese “free of charge” button,button,charge,free,ideograph,japanese|
🈲|u7981|japanese “prohibited” button,button,ideograph,japanese,prohibited|
🉑|accept|japanese “acceptable” button,acceptable,button,ideograph,japanese|
🈸|u7533|japanese “application” button,application,button,ideograph,japanese|
🈴|u5408|japanese “passing grade” button,button,grade,ideograph,japanese,passing|
🈳|u7a7a|japanese “vacancy” button,button,ideograph,japanese,vacancy|
㊗️|congratulations|japanese “congratulations” button,button,ideograph,japanese|
㊙️|secret|japanese “secret” button,button,ideograph,japanese|
🈺|u55b6|japanese “open for business” button,business,button,ideograph,japanese,open|
🈵|u6e80|japanese “no vacancy” button,button,ideograph,japanese,no,vacancy|
🔴|red_circle|red circle,circle,geometric,red|
🟠|orange_circle|orange circle,circle,orange|
🟡|yellow_circle|yellow circle,circle,yellow|
🟢|green_circle|green circle,circle,green|
🔵|large_blue_circle|blue circle,blue,circle,geometric|
🟣|purple_circle|purple circle,circle,purple|
🟤|brown_circle|brown circle,brown,circle|
⚫️|black_circle|black circle,black,circle,geometric|
⚪️|white_circle|white circle,circle,geometric,white|
🟥|red_square|red square,card,penalty,red,square|
🟧|orange_square|orange square,orange,square|
🟨|yellow_square|yellow square,card,penalty,square,yellow|
🟩|green_square|green square,green,square|
🟦|blue_square|blue square,blue,square|
🟪|purple_square|purple square,purple,square|
🟫|brown_square|brown square,brown,square|
⬛️|black_large_square|black large square,black,geometric,large,square|
⬜️|white_large_square|white large square,geometric,large,square,white|
◼️|black_medium_square|black medium square,black,geometric,medium,square|
◻️|white_medium_square|white medium square,geometric,medium,square,white|
◾️|black_medium_small_square|black medium-small square,black,geometric,medium-small,square|
◽️|white_medium_small_square|white medium-small square,geometric,medium-small,square,white|
▪️|black_small_square|black small square,black,geometric,small,square|
▫️|white_small_square|white small square,geometric,small,square,white|
🔶|large_orange_diamond|large orange diamond,diamond,geometric,large,orange|
🔷|large_blue_diamond|large blue diamond,blue,diamond,geometric,large|
🔸|small_orange_diamond|small orange diamond,diamond,geometric,orange,small|
🔹|small_blue_diamond|small blue diamond,blue,diamond,geometric,small|
🔺|small_red_triangle|red triangle pointed up,geometric,pointed,red,triangle,up|
🔻|small_red_triangle_down|red triangle pointed down,down,geometric,pointed,red,triangle|
💠|diamond_shape_with_a_dot_inside|diamond with a dot,comic,diamond,dot,geometric|
🔘|radio_button|radio button,button,geometric,radio|
🔳|white_square_button|white square button,button,geometric,outlined,square,white|
🔲|black_square_button|black square button,black,button,geometric,square|`,
    `🏁|checkered_flag|chequered flag,checkered,chequered,finish,flag,flags,game,race,racing|
🚩|triangular_flag_on_post|triangular flag,construction,flag,golf,post,triangular|
🎌|crossed_flags|crossed flags,celebration,cross,crossed,flags,japanese|
🏴|black_flag|black flag,black,flag,waving|
🏳️|white_flag|white flag,flag,waving,white|
🏳️‍🌈|rainbow_flag|rainbow flag,bisexual,flag,gay,genderqueer,glbt,glbtq,lesbian,lgbt,lgbtq|
🏳️‍⚧️|transgender_flag|transgender flag,blue,flag,light,pink,transgender,white|
🏴‍☠️|pirate_flag|pirate flag,flag,jolly,pirate,plunder,roger,treasure|
🇦🇨|ascension_island|flag: ascension island,ac,flag|
🇦🇩|andorra|flag: andorra,ad,flag|
🇦🇪|united_arab_emirates|flag: united arab emirates,ae,flag|
🇦🇫|afghanistan|flag: afghanistan,af,flag|
🇦🇬|antigua_barbuda|flag: antigua & barbuda,ag,flag|
🇦🇮|anguilla|flag: anguilla,ai,flag|
🇦🇱|albania|flag: albania,al,flag|
🇦🇲|armenia|flag: armenia,am,flag|
🇦🇴|angola|flag: angola,ao,flag|
🇦🇶|antarctica|flag: antarctica,aq,flag|
🇦🇷|argentina|flag: argentina,ar,flag|
🇦🇸|american_samoa|flag: american samoa,as,flag|
🇦🇹|austria|flag: austria,at,flag|
🇦🇺|australia|flag: australia,au,flag|
🇦🇼|aruba|flag: aruba,aw,flag|
🇦🇽|aland_islands|flag: åland islands,ax,flag|
🇦🇿|azerbaijan|flag: azerbaijan,az,flag|
🇧🇦|bosnia_herzegovina|flag: bosnia & herzegovina,ba,flag|
🇧🇧|barbados|flag: barbados,bb,flag|
🇧🇩|bangladesh|flag: bangladesh,bd,flag|
🇧🇪|belgium|flag: belgium,be,flag|
🇧🇫|burkina_faso|flag: burkina faso,bf,flag|
🇧🇬|bulgaria|flag: bulgaria,bg,flag|
🇧🇭|bahrain|flag: bahrain,bh,flag|
🇧🇮|burundi|flag: burundi,bi,flag|
🇧🇯|benin|flag: benin,bj,flag|
🇧🇱|st_barthelemy|flag: st. barthélemy,bl,flag|
🇧🇲|bermuda|flag: bermuda,bm,flag|
🇧🇳|brunei|flag: brunei,bn,flag|
🇧🇴|bolivia|flag: bolivia,bo,flag|
🇧🇶|caribbean_netherlands|flag: caribbean netherlands,bq,flag|
🇧🇷|brazil|flag: brazil,br,flag|
🇧🇸|bahamas|flag: bahamas,bs,flag|
🇧🇹|bhutan|flag: bhutan,bt,flag|
🇧🇻|bouvet_island|flag: bouvet island,bv,flag|
🇧🇼|botswana|flag: botswana,bw,flag|
🇧🇾|belarus|flag: belarus,by,flag|
🇧🇿|belize|flag: belize,bz,flag|
🇨🇦|canada|flag: canada,ca,flag|
🇨🇨|cocos_islands|flag: cocos (keeling) islands,cc,flag|
🇨🇩|congo_kinshasa|flag: congo - kinshasa,cd,flag|
🇨🇫|central_african_republic|flag: central african republic,cf,flag|
🇨🇬|congo_brazzaville|flag: congo - brazzaville,cg,flag|
🇨🇭|switzerland|flag: switzerland,ch,flag|
🇨🇮|cote_divoire|flag: côte d’ivoire,ci,flag|
🇨🇰|cook_islands|flag: cook islands,ck,flag|
🇨🇱|chile|flag: chile,cl,flag|
🇨🇲|cameroon|flag: cameroon,cm,flag|
🇨🇳|cn|flag: china,flag|
🇨🇴|colombia|flag: colombia,co,flag|
🇨🇵|clipperton_island|flag: clipperton island,cp,flag|
🇨🇷|costa_rica|flag: costa rica,cr,flag|
🇨🇺|cuba|flag: cuba,cu,flag|
🇨🇻|cape_verde|flag: cape verde,cv,flag|
🇨🇼|curacao|flag: curaçao,cw,flag|
🇨🇽|christmas_island|flag: christmas island,cx,flag|
🇨🇾|cyprus|flag: cyprus,cy,flag|
🇨🇿|czech_republic|flag: czechia,cz,flag|
🇩🇪|de|flag: germany,flag|
🇩🇬|diego_garcia|flag: diego garcia,dg,flag|
🇩🇯|djibouti|flag: djibouti,dj,flag|
🇩🇰|denmark|flag: denmark,dk,flag|
🇩🇲|dominica|flag: dominica,dm,flag|
🇩🇴|dominican_republic|flag: dominican republic,do,flag|
🇩🇿|algeria|flag: algeria,dz,flag|
🇪🇦|ceuta_melilla|flag: ceuta & melilla,ea,flag|
🇪🇨|ecuador|flag: ecuador,ec,flag|
🇪🇪|estonia|flag: estonia,ee,flag|
🇪🇬|egypt|flag: egypt,eg,flag|
🇪🇭|western_sahara|flag: western sahara,eh,flag|
🇪🇷|eritrea|flag: eritrea,er,flag|
🇪🇸|es|flag: spain,flag|
🇪🇹|ethiopia|flag: ethiopia,et,flag|
🇪🇺|eu|flag: european union,european_union,flag|
🇫🇮|finland|flag: finland,fi,flag|
🇫🇯|fiji|flag: fiji,fj,flag|
🇫🇰|falkland_islands|flag: falkland islands,fk,flag|
🇫🇲|micronesia|flag: micronesia,fm,flag|
🇫🇴|faroe_islands|flag: faroe islands,fo,flag|
🇫🇷|fr|flag: france,flag|
🇬🇦|gabon|flag: gabon,ga,flag|
🇬🇧|gb|flag: united kingdom,uk,flag|
🇬🇩|grenada|flag: grenada,gd,flag|
🇬🇪|georgia|flag: georgia,ge,flag|
🇬🇫|french_guiana|flag: french guiana,gf,flag|
🇬🇬|guernsey|flag: guernsey,gg,flag|
🇬🇭|ghana|flag: ghana,gh,flag|
🇬🇮|gibraltar|flag: gibraltar,gi,flag|
🇬🇱|greenland|flag: greenland,gl,flag|
🇬🇲|gambia|flag: gambia,gm,flag|
🇬🇳|guinea|flag: guinea,gn,flag|
🇬🇵|guadeloupe|flag: guadeloupe,gp,flag|
🇬🇶|equatorial_guinea|flag: equatorial guinea,gq,flag|
🇬🇷|greece|flag: greece,gr,flag|
🇬🇸|south_georgia_south_sandwich_islands|flag: south georgia & south sandwich islands,gs|
🇬🇹|guatemala|flag: guatemala,gt,flag|
🇬🇺|guam|flag: guam,gu,flag|
🇬🇼|guinea_bissau|flag: guinea-bissau,gw,flag|
🇬🇾|guyana|flag: guyana,gy,flag|
🇭🇰|hong_kong|flag: hong kong sar china,hk,flag|
🇭🇲|heard_mcdonald_islands|flag: heard & mcdonald islands,hm,flag|
🇭🇳|honduras|flag: honduras,hn,flag|
🇭🇷|croatia|flag: croatia,hr,flag|
🇭🇹|haiti|flag: haiti,ht,flag|
🇭🇺|hungary|flag: hungary,hu,flag|
🇮🇨|canary_islands|flag: canary islands,ic,flag|
🇮🇩|indonesia|flag: indonesia,id,flag|
🇮🇪|ireland|flag: ireland,ie,flag|
🇮🇱|israel|flag: israel,il,flag|
🇮🇲|isle_of_man|flag: isle of man,im,flag|
🇮🇳|india|flag: india,in,flag|
🇮🇴|british_indian_ocean_territory|flag: british indian ocean territory,io,flag|
🇮🇶|iraq|flag: iraq,iq,flag|
🇮🇷|iran|flag: iran,ir,flag|
🇮🇸|iceland|flag: iceland,is,flag|
🇮🇹|it|flag: italy,flag|
🇯🇪|jersey|flag: jersey,je,flag|
🇯🇲|jamaica|flag: jamaica,jm,flag|
🇯🇴|jordan|flag: jordan,jo,flag|
🇯🇵|jp|flag: japan,flag|
🇰🇪|kenya|flag: kenya,ke,flag|
🇰🇬|kyrgyzstan|flag: kyrgyzstan,kg,flag|
🇰🇭|cambodia|flag: cambodia,kh,flag|
🇰🇮|kiribati|flag: kiribati,ki,flag|
🇰🇲|comoros|flag: comoros,km,flag|
🇰🇳|st_kitts_nevis|flag: st. kitts & nevis,kn,flag|
🇰🇵|north_korea|flag: north korea,kp,flag|
🇰🇷|kr|flag: south korea,flag|
🇰🇼|kuwait|flag: kuwait,kw,flag|
🇰🇾|cayman_islands|flag: cayman islands,ky,flag|
🇰🇿|kazakhstan|flag: kazakhstan,kz,flag|
🇱🇦|laos|flag: laos,la,flag|
🇱🇧|lebanon|flag: lebanon,lb,flag|
🇱🇨|st_lucia|flag: st. lucia,lc,flag|
🇱🇮|liechtenstein|flag: liechtenstein,li,flag|
🇱🇰|sri_lanka|flag: sri lanka,lk,flag|
🇱🇷|liberia|flag: liberia,lr,flag|
🇱🇸|lesotho|flag: lesotho,ls,flag|
🇱🇹|lithuania|flag: lithuania,lt,flag|
🇱🇺|luxembourg|flag: luxembourg,lu,flag|
🇱🇻|latvia|flag: latvia,lv,flag|
🇱🇾|libya|flag: libya,ly,flag|
🇲🇦|morocco|flag: morocco,ma,flag|
🇲🇨|monaco|flag: monaco,mc,flag|
🇲🇩|moldova|flag: moldova,md,flag|
🇲🇪|montenegro|flag: montenegro,me,flag|
🇲🇫|st_martin|flag: st. martin,mf,flag|
🇲🇬|madagascar|flag: madagascar,mg,flag|
🇲🇭|marshall_islands|flag: marshall islands,mh,flag|
🇲🇰|macedonia|flag: north macedonia,mk,flag|
🇲🇱|mali|flag: mali,ml,flag|
🇲🇲|myanmar|flag: myanmar (burma),mm,flag|
🇲🇳|mongolia|flag: mongolia,mn,flag|
🇲🇴|macau|flag: macao sar china,mo,flag|
🇲🇵|northern_mariana_islands|flag: northern mariana islands,mp,flag|
🇲🇶|martinique|flag: martinique,mq,flag|
🇲🇷|mauritania|flag: mauritania,mr,flag|
🇲🇸|montserrat|flag: montserrat,ms,flag|
🇲🇹|malta|flag: malta,mt,flag|
🇲🇺|mauritius|flag: mauritius,mu,flag|
🇲🇻|maldives|flag: maldives,mv,flag|
🇲🇼|malawi|flag: malawi,mw,flag|
🇲🇽|mexico|flag: mexico,mx,flag|
🇲🇾|malaysia|flag: malaysia,my,flag|
🇲🇿|mozambique|flag: mozambique,mz,flag|
🇳🇦|namibia|flag: namibia,na,flag|
🇳🇨|new_caledonia|flag: new caledonia,nc,flag|
🇳🇪|niger|flag: niger,ne,flag|
🇳🇫|norfolk_island|flag: norfolk island,nf,flag|
🇳🇬|nigeria|flag: nigeria,ng,flag|
🇳🇮|nicaragua|flag: nicaragua,ni,flag|
🇳🇱|netherlands|flag: netherlands,nl,flag|
🇳🇴|norway|flag: norway,no,flag|
🇳🇵|nepal|flag: nepal,np,flag|
🇳🇷|nauru|flag: nauru,nr,flag|
🇳🇺|niue|flag: niue,nu,flag|
🇳🇿|new_zealand|flag: new zealand,nz,flag|
🇴🇲|oman|flag: oman,om,flag|
🇵🇦|panama|flag: panama,pa,flag|
🇵🇪|peru|flag: peru,pe,flag|
🇵🇫|french_polynesia|flag: french polynesia,pf,flag|
🇵🇬|papua_new_guinea|flag: papua new guinea,pg,flag|
🇵🇭|philippines|flag: philippines,ph,flag|
🇵🇰|pakistan|flag: pakistan,pk,flag|
🇵🇱|poland|flag: poland,pl,flag|
🇵🇲|st_pierre_miquelon|flag: st. pierre & miquelon,pm,flag|
🇵🇳|pitcairn_islands|flag: pitcairn islands,pn,flag|
🇵🇷|puerto_rico|flag: puerto rico,pr,flag|
🇵🇸|palestinian_territories|flag: palestinian territories,ps,flag|
🇵🇹|portugal|flag: portugal,pt,flag|
🇵🇼|palau|flag: palau,pw,flag|
🇵🇾|paraguay|flag: paraguay,py,flag|
🇶🇦|qatar|flag: qatar,qa,flag|
🇷🇪|reunion|flag: réunion,re,flag|
🇷🇴|romania|flag: romania,ro,flag|
🇷🇸|serbia|flag: serbia,rs,flag|
🇷🇺|ru|flag: russia,flag|
🇷🇼|rwanda|flag: rwanda,rw,flag|
🇸🇦|saudi_arabia|flag: saudi arabia,sa,flag|
🇸🇧|solomon_islands|flag: solomon islands,sb,flag|
🇸🇨|seychelles|flag: seychelles,sc,flag|
🇸🇩|sudan|flag: sudan,sd,flag|
🇸🇪|sweden|flag: sweden,se,flag|
🇸🇬|singapore|flag: singapore,sg,flag|
🇸🇭|st_helena|flag: st. helena,sh,flag|
🇸🇮|slovenia|flag: slovenia,si,flag|
🇸🇯|svalbard_jan_mayen|flag: svalbard & jan mayen,sj,flag|
🇸🇰|slovakia|flag: slovakia,sk,flag|
🇸🇱|sierra_leone|flag: sierra leone,sl,flag|
🇸🇲|san_marino|flag: san marino,sm,flag|
🇸🇳|senegal|flag: senegal,sn,flag|
🇸🇴|somalia|flag: somalia,so,flag|
🇸🇷|suriname|flag: suriname,sr,flag|
🇸🇸|south_sudan|flag: south sudan,ss,flag|
🇸🇹|sao_tome_principe|flag: são tomé & príncipe,st,flag|
🇸🇻|el_salvador|flag: el salvador,sv,flag|
🇸🇽|sint_maarten|flag: sint maarten,sx,flag|
🇸🇾|syria|flag: syria,sy,flag|
🇸🇿|swaziland|flag: eswatini,sz,flag|
🇹🇦|tristan_da_cunha|flag: tristan da cunha,ta,flag|
🇹🇨|turks_caicos_islands|flag: turks & caicos islands,tc,flag|
🇹🇩|chad|flag: chad,td,flag|
🇹🇫|french_southern_territories|flag: french southern territories,tf,flag|
🇹🇬|togo|flag: togo,tg,flag|
🇹🇭|thailand|flag: thailand,th,flag|
🇹🇯|tajikistan|flag: tajikistan,tj,flag|
🇹🇰|tokelau|flag: tokelau,tk,flag|
🇹🇱|timor_leste|flag: timor-leste,tl,flag|
🇹🇲|turkmenistan|flag: turkmenistan,tm,flag|
🇹🇳|tunisia|flag: tunisia,tn,flag|
🇹🇴|tonga|flag: tonga,to,flag|
🇹🇷|tr|flag: türkiye,flag|
🇹🇹|trinidad_tobago|flag: trinidad & tobago,tt,flag|
🇹🇻|tuvalu|flag: tuvalu,tv,flag|
🇹🇼|taiwan|flag: taiwan,tw,flag|
🇹🇿|tanzania|flag: tanzania,tz,flag|
🇺🇦|ukraine|flag: ukraine,ua,flag|
🇺🇬|uganda|flag: uganda,ug,flag|
🇺🇲|us_outlying_islands|flag: u.s. outlying islands,um,flag|
🇺🇳|united_nations|flag: united nations,un,flag|
🇺🇸|us|flag: united states,flag|
🇺🇾|uruguay|flag: uruguay,uy,flag|
🇺🇿|uzbekistan|flag: uzbekistan,uz,flag|
🇻🇦|vatican_city|flag: vatican city,va,flag|
🇻🇨|st_vincent_grenadines|flag: st. vincent & grenadines,vc,flag|
🇻🇪|venezuela|flag: venezuela,ve,flag|
🇻🇬|british_virgin_islands|flag: british virgin islands,vg,flag|
🇻🇮|us_virgin_islands|flag: u.s. virgin islands,vi,flag|
🇻🇳|vietnam|flag: vietnam,vn,flag|
🇻🇺|vanuatu|flag: vanuatu,vu,flag|
🇼🇫|wallis_futuna|flag: wallis & futuna,wf,flag|
🇼🇸|samoa|flag: samoa,ws,flag|
🇽🇰|kosovo|flag: kosovo,xk,flag|
🇾🇪|yemen|flag: yemen,ye,flag|
🇾🇹|mayotte|flag: mayotte,yt,flag|
🇿🇦|south_africa|flag: south africa,za,flag|
🇿🇲|zambia|flag: zambia,zm,flag|
🇿🇼|zimbabwe|flag: zimbabwe,zw,flag|
🏴󠁧󠁢󠁥󠁮󠁧󠁿|england|flag: england,flag,gbeng|
🏴󠁧󠁢󠁳󠁣󠁴󠁿|scotland|flag: scotland,flag,gbsct|
🏴󠁧󠁢󠁷󠁬󠁳󠁿|wales|flag: wales,flag,gbwls|`,
];
