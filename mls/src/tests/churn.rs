//! 200 random joins, leaves, reloads and rekeys: one security code everywhere, nobody refuses (I6).

use super::dice::Dice;
use super::world::World;

#[test]
fn i6_two_hundred_random_steps_leave_one_code_everywhere() {
    let mut world = World::with(&["Bob", "Carol"]);
    let mut dice = Dice(42);
    let mut inside: Vec<String> = ["Alice", "Bob", "Carol"].map(str::to_owned).to_vec();
    for step in 0..200 {
        let mut coming = Vec::new();
        let mut going = Vec::new();
        for each in 0..=dice.roll(3) {
            if inside.len() < 14 && dice.roll(2) == 0 {
                let name = format!("P{step}.{each}");
                world.announce(&name);
                coming.push(name);
            } else if inside.len() > 3 && going.is_empty() {
                let name = inside.remove(1 + dice.roll(inside.len() - 1));
                world.announce_removal(&name, "left");
                going.push(name);
            }
        }
        let by = inside[dice.roll(inside.len())].clone();
        let commit = world.commit(&by, None);
        world.deliver(&commit);
        for name in going {
            let gone = world.people.remove(&name).unwrap();
            assert!(gone.removed);
        }
        inside.extend(coming);
        if dice.roll(10) == 0 {
            let name = inside[1 + dice.roll(inside.len() - 1)].clone();
            world.reload(&name);
        }
        world.assert_one_code(inside.len());
    }
    assert!(world.people.values().all(|person| person.refused.is_empty()));
}
