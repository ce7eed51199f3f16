namespace DaprShop.Local.AppHealth;

/// <summary>
/// Whether an app is well, by how it answered, as daprd counts (<c>pkg/apphealth</c>): it is unwell until it says otherwise, and again
/// after so many failures; one success makes it well. A success of an app that is well changes nothing, not even the count.
/// </summary>
internal sealed class HealthCount(int threshold)
{
    private int _failures;

    public bool IsWell { get; private set; }

    /// <summary>Takes an answer. True when it decides whether the app is well.</summary>
    public bool IsDecidedBy(bool success)
    {
        if (success ? IsWell : ++_failures != threshold) return false;
        IsWell = success;
        if (success) _failures = 0;
        return true;
    }
}
