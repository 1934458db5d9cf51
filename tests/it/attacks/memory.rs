//! What can be read of a key in the memory of a process, before and after it is dropped. In a process of its own: the
//! other tests of this program have keys too.
use std::{
    fs::{self, File},
    io::{Read, Seek, SeekFrom},
    os::unix::fs::PermissionsExt,
    process::Command,
};
use throughline::{command::keep_memory_private, privacy::Key};

const ALONE: &str = "THROUGHLINE_TEST_ALONE";
const MASK: u8 = 0x5a;

/// How often the bytes that `masked` stands for lie in this process's writable memory.
fn copies(masked: &[u8]) -> usize {
    let maps = fs::read_to_string("/proc/self/maps").unwrap();
    let mut memory = File::open("/proc/self/mem").unwrap();
    let mut block = vec![0_u8; 1 << 20];
    let mut found = 0;
    for line in maps.lines().filter(|line| line.contains(" rw")) {
        let (from, to) = line.split(' ').next().unwrap().split_once('-').unwrap();
        let (mut at, to) = (u64::from_str_radix(from, 16).unwrap(), u64::from_str_radix(to, 16).unwrap());
        while at < to {
            let some = block.len().min((to - at) as usize);
            memory.seek(SeekFrom::Start(at)).unwrap();
            let read = memory.read(&mut block[..some]).unwrap_or_default();
            let windows = block[..read].windows(masked.len());
            let hit = |window: &&[u8]| window.iter().zip(masked).all(|(one, other)| one ^ MASK == *other);
            found += windows.filter(hit).count();
            // What lies across two blocks is seen too.
            let overlap = if at + (read as u64) < to { masked.len() - 1 } else { 0 };
            match read.checked_sub(overlap) {
                None | Some(0) => break,
                Some(further) => at += further as u64,
            }
        }
    }
    // What was read must not be what is found next time.
    block.fill(0);
    found
}

fn use_it(key: &Key) {
    let keyed = key.keyed();
    for at in 0..1_000 {
        std::hint::black_box(keyed.subject("office", "", &at.to_string()));
    }
    let sealed = key.seal("reason", "some text").unwrap();
    assert_eq!(key.unseal("reason", &sealed).as_deref(), Some("some text"));
    std::hint::black_box((
        key.study("one"),
        key.fingerprint(),
        key.derive("segment", b"x"),
        key.sign("head", b"y"),
    ));
}

/// Called alone, in a process of its own.
#[test]
fn in_a_process_of_its_own() {
    if std::env::var_os(ALONE).is_none() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("key");
    let masked: Vec<u8> = {
        let key = Key::random().unwrap();
        fs::write(&file, &*key.to_bytes()).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
        key.to_bytes().iter().map(|byte| byte ^ MASK).collect()
    };
    let key = Key::load(&file).unwrap();
    use_it(&key);
    let held = copies(&masked);
    assert!(held >= 1, "while it is held it is found");
    drop(key);
    assert_eq!(copies(&masked), 0, "{held} while it was held");
    keep_memory_private();
    let core = rustix::process::getrlimit(rustix::process::Resource::Core);
    assert_eq!((core.current, core.maximum), (Some(0), Some(0)));
    let dumpable = rustix::process::dumpable_behavior().unwrap();
    assert_eq!(dumpable, rustix::process::DumpableBehavior::NotDumpable);
}

#[cfg(target_os = "linux")]
#[test]
fn attack_24_a_dropped_key_is_not_in_memory_and_no_core_is_dumped() {
    let name = "attacks::memory::in_a_process_of_its_own";
    let ran = Command::new(std::env::current_exe().unwrap())
        .args([name, "--exact", "--test-threads=1", "--nocapture"])
        .env(ALONE, "1")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&ran.stdout);
    assert!(
        ran.status.success() && said.contains("1 passed"),
        "{said}{}",
        String::from_utf8_lossy(&ran.stderr)
    );
}
