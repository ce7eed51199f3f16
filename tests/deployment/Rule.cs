namespace DaprShop.Deployment.Tests;

/// <summary>Something that holds in all ways to run the shop.</summary>
/// <param name="Name">As a sentence.</param>
/// <param name="Check">Tells where it does not hold.</param>
public sealed record Rule(string Name, Action<Tree, Faults> Check)
{
    public IReadOnlyList<string> FaultsOf(Tree tree)
    {
        var faults = new Faults();
        Check(tree, faults);
        return faults;
    }
}

/// <summary>What is wrong, each with its place.</summary>
public sealed class Faults : List<string>
{
    /// <summary>Two lists should have the same members.</summary>
    public void Same(string place, IEnumerable<string> expected, IEnumerable<string> actual)
    {
        var (wanted, found) = (expected.ToHashSet(), actual.ToHashSet());
        AddRange(wanted.Except(found).Order(StringComparer.Ordinal).Select(missing => $"{place}: {missing} is missing"));
        AddRange(found.Except(wanted).Order(StringComparer.Ordinal).Select(surplus => $"{place}: {surplus} is too much"));
    }

    /// <summary>A value should be this one.</summary>
    public void Is(string place, string? expected, string? actual) => When(expected != actual, $"{place}: is '{actual}', not '{expected}'");

    public void When(bool wrong, string fault)
    {
        if (wrong) Add(fault);
    }
}
