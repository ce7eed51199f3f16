Console.Error.WriteLine("usage: bench checkout|browse|mixed --clients N --seconds S --url U");
return 2;
