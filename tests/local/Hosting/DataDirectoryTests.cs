using DaprShop.Local.Hosting;

namespace DaprShop.Local.Tests.Hosting;

public sealed class DataDirectoryTests
{
    [Theory]
    [InlineData("data/basket.db", "basket.db")]
    [InlineData("../../data/basket.db", "basket.db")]
    [InlineData("./data/deep/basket.db", "deep/basket.db")]
    [InlineData("basket.db", "basket.db")]
    [InlineData("metadata/basket.db", "metadata/basket.db")]
    public void A_relative_file_is_in_the_data_directory(string file, string expected)
    {
        var root = Path.GetFullPath(Path.Combine(Path.GetTempPath(), "somewhere"));
        Assert.Equal(Path.Combine(root, expected.Replace('/', Path.DirectorySeparatorChar)), new DataDirectory(root).Resolve(file));
    }

    [Fact]
    public void An_absolute_file_stays_where_it_is()
    {
        var file = Path.GetFullPath(Path.Combine(Path.GetTempPath(), "basket.db"));
        Assert.Equal(file, new DataDirectory("anywhere").Resolve(file));
    }
}
