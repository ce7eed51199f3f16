namespace DaprShop.Local.Actors;

/// <summary>
/// The place of one reminder, whichever is registered there. What is in force and what is on disk differ only while writes are under
/// way; when the last of them has ended, well or not, the disk decides.
/// </summary>
internal sealed class ReminderSlot(ReminderKey key)
{
    public ReminderKey Key { get; } = key;

    /// <summary>In force; null once it is unregistered or over.</summary>
    public Reminder? Current { get; set; }

    /// <summary>On disk, as the writer says; to be read when no write is under way.</summary>
    public Reminder? Saved { get; set; }

    /// <summary>How many registrations and unregistrations wait for the disk.</summary>
    public int Writes { get; set; }
}
