// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Initializable} from "@openzeppelin/contracts/proxy/utils/Initializable.sol";
import {UUPSUpgradeable} from "@openzeppelin/contracts/proxy/utils/UUPSUpgradeable.sol";
import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

/// @notice The token behind a proxy. The implementation itself can never be initialized.
contract TokenV1 is ERC20, Initializable, UUPSUpgradeable {
    address public owner;

    error NotOwner();

    modifier onlyOwner() {
        if (msg.sender != owner) revert NotOwner();
        _;
    }

    constructor() ERC20("", "") {
        _disableInitializers();
    }

    function initialize(address first) external initializer {
        owner = first;
    }

    function mint(address to, uint256 amount) external virtual onlyOwner {
        _mint(to, amount);
    }

    function name() public pure override returns (string memory) {
        return "Token";
    }

    function symbol() public pure override returns (string memory) {
        return "TKN";
    }

    function _authorizeUpgrade(address) internal override onlyOwner {}
}

/// @notice Adds a cap, behind what version one has stored.
contract TokenV2 is TokenV1 {
    uint256 public cap;

    error OverCap();

    /// @notice Once, and only in the transaction that upgrades.
    function initializeV2(uint256 limit) external reinitializer(2) onlyOwner {
        cap = limit;
    }

    function mint(address to, uint256 amount) external override onlyOwner {
        if (totalSupply() + amount > cap) revert OverCap();
        _mint(to, amount);
    }
}
