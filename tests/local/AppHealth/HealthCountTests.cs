using DaprShop.Local.AppHealth;

namespace DaprShop.Local.Tests.AppHealth;

/// <summary>
/// When an app is well: answers (<c>+</c>, <c>-</c>) one after the other, and which of them decide that it is (<c>W</c>) or is not (<c>U</c>).
/// </summary>
public sealed class HealthCountTests
{
    [Theory]
    [InlineData(1, "-+-+", "UWUW")]
    [InlineData(1, "++--", "W.U.")]
    [InlineData(3, "--+", "..W")]
    [InlineData(3, "-----+", "..U..W")]
    [InlineData(3, "+---+", "W..UW")]
    [InlineData(3, "+--+++-", "W.....U")]
    [InlineData(3, "+----+--+-", "W..U.W...U")]
    public void One_success_makes_well_and_so_many_failures_unwell(int threshold, string answers, string decisions)
    {
        var count = new HealthCount(threshold);
        var isWell = false;
        foreach (var (answer, decision) in answers.Zip(decisions))
        {
            Assert.Equal(decision != '.', count.IsDecidedBy(answer == '+'));
            if (decision != '.') isWell = decision == 'W';
            Assert.Equal(isWell, count.IsWell);
        }
    }
}
